// SPDX-License-Identifier: MIT
//  The only C++ file: toml++ (header only, with its exceptions) behind one extern "C" function.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 64
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/toml.h"

namespace
{

struct json_release {
    void operator() (json_t *json) const
    {
        json_decref (json);
    }
};
using json_ptr = std::unique_ptr<json_t, json_release>;

//  What ends a parse: a position and a reason.
struct refusal {
    unsigned line, column;
    std::string reason;
};

[[noreturn]] void
refuse (const toml::source_region &where, std::string_view reason)
{
    throw refusal {where.begin.line, where.begin.column, std::string (reason)};
}

//  The position after the string that starts at 'at'. Right for every valid string; an invalid one
//  stops the parser at that place, so what is skipped after it does not matter.
size_t
string_end (std::string_view text, size_t at, unsigned &line)
{
    const char quote = text [at];
    const std::string fence (3, quote);
    const bool is_long = text.substr (at, 3) == fence;
    at += is_long ? 3 : 1;
    while (at < text.size ()) {
        if (text [at] == '\\' && quote == '"') {
            line += at + 1 < text.size () && text [at + 1] == '\n';
            at += 2;
            continue;
        }
        if (text [at] == '\n') {
            if (!is_long)
                return at;
            line++;
        }
        if (!is_long && text [at] == quote)
            return at + 1;
        if (is_long && text.substr (at, 3) == fence) {
            at += 3;    //  Up to two more quotes belong to the string
            for (int more = 0; more < 2 && at < text.size () && text [at] == quote; more++)
                at++;
            return at;
        }
        at++;
    }
    return text.size ();
}

//  toml++ bounds nested values but not dotted keys nor the number of nodes: "a.a.a..." of 1 MiB
//  would be a tree 500,000 tables deep, whose destructor recurses. So both are counted beforehand.
void
check_budget (std::string_view text)
{
    size_t parts = 1, nodes = 0;
    unsigned line = 1;
    for (size_t at = 0; at < text.size ();) {
        const char c = text [at];
        if (c == '"' || c == '\'') {
            at = string_end (text, at, line);
            continue;
        }
        if (c == '#') {
            at = std::min (text.find ('\n', at), text.size ());
            continue;
        }
        const bool is_mark = std::string_view ("=,[]{}").find (c) != std::string_view::npos;
        if (c == '\n' || is_mark)
            parts = 1;
        parts += c == '.';
        nodes += c == '.' || is_mark;
        if (parts > TOML_KEY_PARTS_MAX)
            throw refusal {line, 1, "a key of more than 32 parts"};
        if (nodes > TOML_NODES_MAX)
            throw refusal {line, 1, "too many keys and values"};
        line += c == '\n';
        at++;
    }
}

json_t *
checked (json_t *json)
{
    if (!json)
        throw std::bad_alloc ();
    return json;
}

template <typename T>
json_t *
as_text (const toml::node &node)
{
    std::ostringstream out;
    out << node.as<T> ()->get ();
    return checked (json_string (out.str ().c_str ()));
}

class tree
{
  public:
    explicit tree (json_t *lines) : lines_ (lines) {}

    json_ptr table (const toml::table &table, const std::string &path, unsigned depth,
                    bool in_array)
    {
        //  toml++ keeps keys sorted; their positions tell how they were written.
        std::vector<std::pair<const toml::key *, const toml::node *>> entries;
        for (auto &&[key, node] : table)
            entries.emplace_back (&key, &node);
        std::sort (entries.begin (), entries.end (), [] (auto &a, auto &b) {
            const auto &x = a.first->source ().begin, &y = b.first->source ().begin;
            return x.line != y.line ? x.line < y.line : x.column < y.column;
        });

        json_ptr object (checked (json_object ()));
        for (const auto &[key, node] : entries) {
            const std::string name (key->str ());
            if (name.find ('\0') != std::string::npos)
                refuse (key->source (), "a key holds a NUL character");
            const std::string full = path.empty () ? name : path + "." + name;
            if (lines_ && !in_array)
                json_object_set_new (lines_, full.c_str (),
                                     json_integer (key->source ().begin.line));
            json_ptr child = value (*node, full, depth, in_array);
            if (json_object_set_new (object.get (), name.c_str (), child.release ()) != 0)
                throw std::bad_alloc ();
        }
        return object;
    }

  private:
    json_t *lines_;     //  Borrowed, or NULL

    json_ptr value (const toml::node &node, const std::string &path, unsigned depth, bool in_array)
    {
        if (depth > TOML_DEPTH_MAX)
            refuse (node.source (), "nested too deep");
        switch (node.type ()) {
        case toml::node_type::table:
            return table (*node.as_table (), path, depth + 1, in_array);
        case toml::node_type::array:
            return array (*node.as_array (), path, depth + 1);
        case toml::node_type::string:
            return string (*node.as_string ());
        case toml::node_type::integer:
            return json_ptr (checked (json_integer (node.as_integer ()->get ())));
        case toml::node_type::floating_point:
            return real (*node.as_floating_point ());
        case toml::node_type::boolean:
            return json_ptr (json_boolean (node.as_boolean ()->get ()));
        case toml::node_type::date:
            return json_ptr (as_text<toml::date> (node));
        case toml::node_type::time:
            return json_ptr (as_text<toml::time> (node));
        case toml::node_type::date_time:
            return json_ptr (as_text<toml::date_time> (node));
        default:
            refuse (node.source (), "a value of unknown type");
        }
    }

    json_ptr array (const toml::array &array, const std::string &path, unsigned depth)
    {
        json_ptr list (checked (json_array ()));
        for (auto &&node : array) {
            json_ptr element = value (node, path, depth, true);
            if (json_array_append_new (list.get (), element.release ()) != 0)
                throw std::bad_alloc ();
        }
        return list;
    }

    json_ptr string (const toml::value<std::string> &node)
    {
        const std::string &text = node.get ();
        if (text.find ('\0') != std::string::npos)
            refuse (node.source (), "a string holds a NUL character");
        return json_ptr (checked (json_stringn (text.data (), text.size ())));
    }

    json_ptr real (const toml::value<double> &node)
    {
        if (!std::isfinite (node.get ()))
            refuse (node.source (), "inf and nan are not accepted");
        return json_ptr (checked (json_real (node.get ())));
    }
};

//  Cut at a whole character; line breaks become spaces.
void
fill (toml_error_t *error, unsigned line, unsigned column, std::string_view reason)
{
    error->line = line;
    error->column = column;
    size_t size = std::min (reason.size (), sizeof error->reason - 1);
    while (size < reason.size () && size > 0 && (reason [size] & 0xC0) == 0x80)
        size--;
    std::replace_copy (reason.begin (), reason.begin () + static_cast<ptrdiff_t> (size),
                       error->reason, '\n', ' ');
    error->reason [size] = 0;
}

}

extern "C" json_t *
toml_parse (const char *text, size_t size, json_t **lines_p, toml_error_t *error)
{
    if (lines_p)
        *lines_p = nullptr;
    fill (error, 0, 0, "");
    if (size > TOML_TEXT_MAX) {
        fill (error, 0, 0, "longer than 1 MiB");
        return nullptr;
    }
    try {
        const std::string_view view (text, size);
        check_budget (view);
        const toml::table parsed = toml::parse (view);
        json_ptr lines (lines_p ? checked (json_object ()) : nullptr);
        json_ptr root = tree (lines.get ()).table (parsed, "", 1, false);
        if (lines_p)
            *lines_p = lines.release ();
        return root.release ();
    } catch (const toml::parse_error &e) {
        fill (error, e.source ().begin.line, e.source ().begin.column, e.description ());
    } catch (const refusal &r) {
        fill (error, r.line, r.column, r.reason);
    } catch (const std::bad_alloc &) {
        fill (error, 0, 0, "out of memory");
    } catch (...) {
        fill (error, 0, 0, "the parser failed");
    }
    return nullptr;
}
