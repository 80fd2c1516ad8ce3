// Plays frames out of a device. The kernel runs this program for each frame that it could send (see
// frame_generator.cpp), sends it if the answer is XDP_TX, and takes it back if it is XDP_DROP.
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "frame_generator.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);  // the loader says how many
  __type(key, __u32);
  __type(value, struct frame);
} frames SEC(".maps");

struct play play;

static __always_inline void look_at_clock(void) {
  if (play.runs++ % RUNS_PER_LOOK != 0) return;
  play.now = bpf_ktime_get_ns();
  if (play.began == 0) play.began = play.now;
}

static __always_inline int due(void) {
  if (play.now - play.began >= play.length) return 0;
  if (play.rate == 0) return 1;
  const __u64 by_now = (play.now - play.began) * play.rate / 1000000000 - play.missed;
  if (by_now > play.sent + MOST_BEHIND) play.missed += by_now - play.sent - MOST_BEHIND;
  return play.sent < by_now;
}

SEC("xdp") int send_next(struct xdp_md* context) {
  unsigned char* data = (void*)(long)context->data;
  look_at_clock();
  if (data + FRAME_LENGTH > (unsigned char*)(long)context->data_end || !due()) return XDP_DROP;
  const __u32 place = play.next;
  play.next = place + 1 < play.frames ? place + 1 : 0;
  const struct frame* frame = bpf_map_lookup_elem(&frames, &place);
  if (!frame) return XDP_DROP;
  __builtin_memcpy(data, frame->bytes, FRAME_LENGTH);  // anew each time: who had the page before has written on it
  play.sent++;
  return XDP_TX;
}

char terms[] SEC("license") = "Apache-2.0";
