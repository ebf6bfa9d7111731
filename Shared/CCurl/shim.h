/// libcurl, and in plain C what it says with variadic functions, which Swift cannot call.
#ifndef NEXUS_CURL_H
#define NEXUS_CURL_H

#include <curl/curl.h>
#include <stdint.h>

// libcurl's headers wrap these functions in macros that check types of literal arguments only.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

static inline CURLcode nexus_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode nexus_curl_set_size(CURL *easy, CURLoption option, int64_t value) {
    return curl_easy_setopt(easy, option, (curl_off_t)value);
}

/// libcurl copies the string.
static inline CURLcode nexus_curl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode nexus_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

/// A function of `char *, size_t, size_t, void *`: for what is written, for headers, for what is read.
typedef size_t (*nexus_curl_transfer_function)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode nexus_curl_set_transfer_function(CURL *easy, CURLoption option, nexus_curl_transfer_function function) {
    return curl_easy_setopt(easy, option, function);
}

typedef int (*nexus_curl_seek_function)(void *context, curl_off_t offset, int origin);

static inline CURLcode nexus_curl_set_seek_function(CURL *easy, nexus_curl_seek_function function, void *context) {
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, context);
    return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, function);
}

static inline long nexus_curl_response_code(CURL *easy) {
    long code = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/// How many connections this transfer made: 0 when it took one from the pool.
static inline long nexus_curl_new_connections(CURL *easy) {
    long count = 0;
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &count);
    return count;
}

typedef int (*nexus_curl_socket_function)(CURL *easy, curl_socket_t socket, int what, void *context, void *socket_context);
typedef int (*nexus_curl_timer_function)(CURLM *multi, long milliseconds, void *context);

static inline void nexus_curl_set_socket_function(CURLM *multi, nexus_curl_socket_function function, void *context) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}

static inline void nexus_curl_set_timer_function(CURLM *multi, nexus_curl_timer_function function, void *context) {
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

static inline CURLMcode nexus_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

/// A transfer that has ended.
struct nexus_curl_done {
    CURL *easy;
    CURLcode result;
};

/// The next transfer that has ended; `easy` is NULL when there is none. (The message holds a union, which Swift does not see.)
static inline struct nexus_curl_done nexus_curl_next_done(CURLM *multi) {
    struct nexus_curl_done done = {NULL, CURLE_OK};
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(multi, &left); message; message = curl_multi_info_read(multi, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        done.easy = message->easy_handle;
        done.result = message->data.result;
        break;
    }
    return done;
}

#endif
