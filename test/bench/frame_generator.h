// What frame_generator.cpp and its BPF program share.
#pragma once

#include <linux/types.h>

#define FRAME_LENGTH 60   // octets: the shortest that Ethernet has, without the checksum
#define MOST_BEHIND 64    // frames: what a pause of the generator made it miss beyond that is not made up for
#define RUNS_PER_LOOK 64  // at the clock

struct frame {
  __u8 bytes[64];  // FRAME_LENGTH of them count
};

// Zero at first. The loader writes the first three, the program all others; one CPU runs it. Times in
// nanoseconds.
struct play {
  __u64 length;
  __u64 rate;    // frames a second; 0: as many as possible
  __u32 frames;  // in the map
  __u32 next;    // place in the map
  __u64 runs;    // of the program
  __u64 began;
  __u64 now;
  __u64 sent;    // frames
  __u64 missed;  // frames
};
