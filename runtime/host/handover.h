// SPDX-License-Identifier: MIT
//  A pointer that crosses a pipe: who sends it gives it away, who receives it owns it. The pipe
//  orders the two, but ThreadSanitizer cannot see that inside a library that is not instrumented,
//  so it is told. Without it these are nothing: the pointer is not even
//  computed.
#ifndef GGEN_HANDOVER_H
#define GGEN_HANDOVER_H

#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define HANDOVER_TOLD 1
#endif
#endif
#if defined __SANITIZE_THREAD__
#define HANDOVER_TOLD 1
#endif

#ifdef HANDOVER_TOLD
void __tsan_release (void *pointer);
void __tsan_acquire (void *pointer);
#define handover_give(pointer) __tsan_release (pointer)
#define handover_take(pointer) __tsan_acquire (pointer)
#else
#define handover_give(pointer) ((void) sizeof (pointer))
#define handover_take(pointer) ((void) sizeof (pointer))
#endif

#endif
