#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

/* A macro made of macros, which Swift does not import. */
static const int NEXUS_EVP_PKEY_PUBLIC_KEY = EVP_PKEY_PUBLIC_KEY;
