// What methods and metrics may look at: the running daemon, read only but for the director's own changes.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

#include "control/config_saver.h"
#include "control/device.h"
#include "control/director.h"
#include "control/doctor_trends.h"
#include "control/filter_reloader.h"
#include "control/kernel_interface.h"
#include "control/queue_plan.h"
#include "control/rebalancer.h"
#include "control/spreading.h"

namespace turnout {

class Captures;

struct DaemonView {
  Director& director;
  const std::vector<std::shared_ptr<Device>>& devices;  // by port; ports of one device share it
  const std::vector<std::unique_ptr<KernelInterface>>& kernel_interfaces;  // by port; null where none
  const Wire& wire;
  const QueuePlan& plan;
  std::filesystem::path config_file;
  unsigned control_lcore = 0;
  std::vector<unsigned> worker_lcores;  // of the workers that run, by their number
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  Trends trends = {};  // the event loop adds to them
  ConfigSaver* saver = nullptr;
  FilterReloader* filters = nullptr;
  Captures* captures = nullptr;
  const Spreading* spreading = nullptr;
  Rebalancer* rebalancer = nullptr;

  double uptime() const {  // seconds
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  }
};

}  // namespace turnout
