/** Loaded into a contestant with `--import`: writes what it used, `{ peakMiB, cpuSeconds }`, to the file BENCH_REPORT. */
import { readFileSync, writeFileSync } from 'node:fs'

process.on('exit', () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  const usage = { peakMiB: peakKiB() / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }
  writeFileSync(process.env.BENCH_REPORT, JSON.stringify(usage))
})

/** On Linux maxRSS starts from the memory of the process that started this one; the kernel's other figure does not. */
function peakKiB() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
}
