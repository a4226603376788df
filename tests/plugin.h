/* SPDX-License-Identifier: 0BSD OR MIT */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <pthread.h>
#include <stdint.h>

#define PLUGIN_EXPORT __attribute__((visibility("default")))

/* Start one thread, whose first function is the plugin's */
PLUGIN_EXPORT int plugin_start(pthread_t *ret_thread, void *(*fn)(void *),
			       void *arg);

/* Restrict all threads by signal, by the plugin's own copy of liblandlock */
PLUGIN_EXPORT int plugin_restrict(uint64_t rights);

#endif
