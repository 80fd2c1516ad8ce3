/* Has ngtcp2's example server put a server ID into the connection IDs that it chooses, as QUIC-LB's plaintext
 * algorithm has it: they are all that it takes 18 random octets for. To be loaded with LD_PRELOAD.
 * QUIC_ID: the ID in hexadecimal digits, after the first octet. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kConnectionId = 18, kConfigurationBits = 0xE0 };

int gnutls_rnd(int level, void* data, size_t length) {
  static int (*real)(int, void*, size_t);
  if (real == NULL) *(void**)&real = dlsym(RTLD_NEXT, "gnutls_rnd");
  const int result = real(level, data, length);
  const char* id = getenv("QUIC_ID");
  if (length != kConnectionId || id == NULL) return result;
  unsigned char* octets = data;
  octets[0] &= (unsigned char)~kConfigurationBits;
  for (size_t i = 0; i < strlen(id) / 2; ++i) sscanf(id + 2 * i, "%2hhx", &octets[1 + i]);
  return result;
}
