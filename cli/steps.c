// SPDX-License-Identifier: MIT
#include "steps.h"
#include "render.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "wording.h"

#include <stdlib.h>
#include <string.h>

#define CHANGE_MAX 600          //  bytes of two versions and an arrow; longer ones are cut

static const char *
action_word (Ggen__Action action)
{
    static const char *const words [] = {
        [GGEN__ACTION__KEEP] = "keep",           [GGEN__ACTION__ADD] = "add",
        [GGEN__ACTION__UPGRADE] = "upgrade",     [GGEN__ACTION__DOWNGRADE] = "downgrade",
        [GGEN__ACTION__REMOVE] = "remove",       [GGEN__ACTION__REINSTALL] = "reinstall"};
    return (size_t) action < COUNT_OF (words) ? words [action] : "?";
}

size_t
steps_changing (Ggen__PlanStep *const steps [], size_t steps_count)
{
    size_t count = 0;
    for (size_t at = 0; at < steps_count; at++)
        count += steps [at]->action != GGEN__ACTION__KEEP;
    return count;
}

//  "1.0.0 -> 1.1.0", or the one version there is.
static void
describe_change (const screen_t *screen, const Ggen__PlanStep *step, char out [CHANGE_MAX])
{
    if (*step->version && *step->previous && strcmp (step->version, step->previous) != 0)
        snprintf (out, CHANGE_MAX, "%s %s %s", step->previous, render_mark (screen, MARK_ARROW),
                  step->version);
    else
        snprintf (out, CHANGE_MAX, "%s", *step->version ? step->version : step->previous);
}

static code_t
add_step (const screen_t *screen, table_t *table, const Ggen__PlanStep *step)
{
    char change [CHANGE_MAX], size [TEXT_SIZE_MAX], publisher [WORDING_PUBLISHER_MAX];
    const bool comes = step->action != GGEN__ACTION__REMOVE;
    describe_change (screen, step, change);
    return table_row (table, (const char *const []) {
        action_word (step->action), step->name, change, comes ? step->source : "",
        comes && step->size_bytes ? text_size (step->size_bytes, size) : "",
        comes ? wording_publisher (step->publisher_key, publisher) : "",
        step->direct || !comes ? "" : "(dependency)"});
}

static void
print_first_use (const screen_t *screen, const Ggen__PlanStep *step, bool planned)
{
    char fingerprint [WORDING_PUBLISHER_MAX], key [PUBLISHER_KEY_TEXT_SIZE + 1];
    AUTO (text_free) char *name = text_clean (step->name);
    screen_say (screen, "First use of %s: %s %s as its publisher (%s)\n", name ? name : "",
                wording_publisher (step->publisher_key, fingerprint),
                planned ? "would be pinned" : "is now pinned",
                wording_key (step->publisher_key, key));
}

code_t
steps_print (const screen_t *screen, Ggen__PlanStep *const steps [], size_t steps_count,
             bool planned)
{
    static const column_t columns [] = {{"ACTION", 0}, {"PACKAGE", 0}, {"VERSION", 0}, {"FROM", 0},
                                        {"SIZE", TABLE_RIGHT}, {"PUBLISHER", 0}, {"", 0}};
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < steps_count; at++)
        if (screen->verbose || steps [at]->action != GGEN__ACTION__KEEP)
            code = add_step (screen, table, steps [at]);
    if (code != OK)
        return code;
    table_print (table);
    for (size_t at = 0; at < steps_count; at++)
        if (steps [at]->first_use && steps [at]->publisher_key.len > 0)
            print_first_use (screen, steps [at], planned);
    return OK;
}

json_t *
steps_shape (Ggen__PlanStep *const steps [], size_t steps_count)
{
    json_t *list = json_array ();
    for (size_t at = 0; at < steps_count; at++)
        shape_append (&list, shape_plan_step (steps [at]));
    return list;
}
