// A switch's access port of one VLAN, as two programs for the traffic control of the port's device: what comes in gets
// the tag, what goes out loses it, and what belongs to another VLAN stays inside. The bridge between them looks at no
// tag. The kernel's own VLAN devices would need CONFIG_VLAN_8021Q, which small kernels are built without.
//
// VLAN is given on the compiler's command line.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

static long (*const push_tag)(struct __sk_buff*, __be16 type, __u16 tci) = (void*)BPF_FUNC_skb_vlan_push;
static long (*const pop_tag)(struct __sk_buff*) = (void*)BPF_FUNC_skb_vlan_pop;

#define PROGRAM(name) __attribute__((section(name), used))

PROGRAM("enter") int add_tag(struct __sk_buff* packet) {
  return push_tag(packet, __builtin_bswap16(ETH_P_8021Q), VLAN) == 0 ? TC_ACT_OK : TC_ACT_SHOT;
}

PROGRAM("leave") int remove_tag(struct __sk_buff* packet) {
  const int ours = packet->vlan_present && (packet->vlan_tci & 0xfff) == VLAN;
  return ours && pop_tag(packet) == 0 ? TC_ACT_OK : TC_ACT_SHOT;
}

PROGRAM("license") char terms[] = "Apache-2.0";
