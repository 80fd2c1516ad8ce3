#include <algorithm>
#include <set>

#include "control/doctor_host.h"
#include "control/doctor_words.h"

namespace turnout {
namespace {

class CpuExam {
 public:
  explicit CpuExam(const HostFacts& host)
      : host_(host), grave_(host.has_nic() ? Severity::warning : Severity::info) {}

  Findings run() {
    examine_memory();
    examine_unused();
    if (host_.workers.size() == 1 && host_.workers[0].lcore == host_.control.lcore) {
      tell(Severity::info, "one_lcore", "worker lcore " + std::to_string(host_.control.lcore),
           "it forwards and does the control thread's work as well: each delays the other",
           "eal.lcores names one lcore", "`\"lcores\": \"0-1\"` in eal: control on CPU 0, a worker on CPU 1");
    }
    examine_sharing();
    for (const LcoreFacts& worker : host_.workers) examine_pinning(worker);
    examine_isolation();
    examine_governors();
    return std::move(findings_);
  }

 private:
  void tell(Severity severity, const char* code, std::string subject, std::string meaning,
            std::string evidence, std::string remedy) {
    findings_.push_back(
        {severity, code, std::move(subject), std::move(meaning), std::move(evidence), std::move(remedy)});
  }

  void examine_memory() {
    if (host_.hugepages) return;
    tell(grave_, "hugepages_absent", "memory",
         "tables and packet buffers lie in pages of 4 KiB, which costs forwarding speed",
         "DPDK runs without hugepages (--no-huge in eal.args)",
         "`sysctl -w vm.nr_hugepages=1024` makes 2 GiB of them; then \"--in-memory\" in place of "
         "\"--no-huge\" in eal.args, and a restart");
  }

  void examine_unused() {
    if (host_.unused_lcores == 0) return;
    tell(
        Severity::warning, "lcores_unused", counted(host_.unused_lcores, "worker lcore"),
        "they do nothing: the ports have no receive queue for them, and `spread` is \"off\" or too few "
        "transmit queues are there",
        counted(host_.workers.size(), "worker") + " of " +
            std::to_string(host_.workers.size() + host_.unused_lcores) +
            " have queues (`turnoutctl workers`)",
        "more `rx_queues` where the device has them, or `\"spread\": \"on\"` of a port; else fewer lcores in "
        "eal.lcores");
  }

  static bool overlap(const std::vector<unsigned>& some, const std::vector<unsigned>& others) {
    return std::ranges::any_of(some, [&](unsigned cpu) { return std::ranges::count(others, cpu) > 0; });
  }

  /// Hyperthreads of the same core, but not the same CPU.
  bool are_siblings(const LcoreFacts& one, const LcoreFacts& other) const {
    return std::ranges::any_of(one.cpus, [&](unsigned cpu) {
      const auto facts = host_.cpus.find(cpu);
      return facts != host_.cpus.end() && overlap(facts->second.siblings, other.cpus);
    });
  }

  void examine_pair(const LcoreFacts& worker, const LcoreFacts& other, const std::string& other_name,
                    Severity severity) {
    const std::string subject = "worker lcore " + std::to_string(worker.lcore);
    if (overlap(worker.cpus, other.cpus)) {
      tell(Severity::warning, "lcores_share_cpu", subject,
           "it has its CPU not to itself: while " + other_name + " runs, packets wait",
           subject + " runs on " + listed("CPU", worker.cpus) + ", " + other_name + " on " +
               listed("CPU", other.cpus),
           "a CPU of its own for each in eal.lcores: `\"lcores\": \"0@0,1@1\"`");
    } else if (are_siblings(worker, other)) {
      tell(severity, "lcores_share_core", subject,
           "it shares its core with " + other_name + ": together they are hardly faster than one alone",
           listed("CPU", worker.cpus) + " and " + listed("CPU", other.cpus) +
               " are hyperthreads of one core (topology/thread_siblings_list in /sys)",
           "CPUs of different cores in eal.lcores: `lscpu --extended` shows which those are");
    }
  }

  void examine_sharing() {
    for (size_t i = 0; i < host_.workers.size(); ++i) {
      const LcoreFacts& worker = host_.workers[i];
      if (worker.lcore != host_.control.lcore)
        examine_pair(worker, host_.control, "the control thread", Severity::info);
      for (size_t j = i + 1; j < host_.workers.size(); ++j) {
        const LcoreFacts& other = host_.workers[j];
        examine_pair(worker, other, "worker lcore " + std::to_string(other.lcore), grave_);
      }
    }
  }

  void examine_pinning(const LcoreFacts& worker) {
    if (worker.cpus.size() <= 1) return;
    tell(grave_, "worker_not_pinned", "worker lcore " + std::to_string(worker.lcore),
         "the kernel moves it from one CPU to another, and each time its caches are cold",
         "it may run on " + listed("CPU", worker.cpus), "one CPU for it in eal.lcores: `\"1@1\"`");
  }

  std::vector<unsigned> worker_cpus_that(bool (*are)(const CpuFacts&)) const {
    std::set<unsigned> found;
    for (const LcoreFacts& worker : host_.workers) {
      for (const unsigned cpu : worker.cpus) {
        const auto facts = host_.cpus.find(cpu);
        if (facts != host_.cpus.end() && are(facts->second)) found.insert(cpu);
      }
    }
    return {found.begin(), found.end()};
  }

  void examine_isolation() {
    const auto shared = worker_cpus_that([](const CpuFacts& cpu) { return !cpu.isolated; });
    if (shared.empty()) return;
    tell(grave_, "cpu_not_isolated", listed("CPU", shared),
         "the kernel's housekeeping and other programs interrupt a worker there, and packets wait meanwhile",
         "in neither isolated nor nohz_full of /sys/devices/system/cpu",
         "`isolcpus=` and `nohz_full=` with the workers' CPUs on the kernel's command line, then a reboot");
  }

  void examine_governors() {
    const auto slow = worker_cpus_that(
        [](const CpuFacts& cpu) { return !cpu.governor.empty() && cpu.governor != "performance"; });
    if (slow.empty()) return;
    tell(Severity::info, "cpu_governor", listed("CPU", slow), "its clock may go down while a worker needs it",
         "scaling_governor is " + host_.cpus.at(slow.front()).governor,
         "`cpupower frequency-set -g performance`");
  }

  const HostFacts& host_;
  const Severity grave_;
  Findings findings_;
};

}  // namespace

bool HostFacts::has_nic() const {
  return std::ranges::any_of(ports, &PortFacts::is_nic);
}

Findings examine_cpus(const HostFacts& host) {
  return CpuExam(host).run();
}

}  // namespace turnout
