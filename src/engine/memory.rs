//! What the system says of this process's memory.

/// The most memory that this process has had, in bytes. Linux tells it in KiB (proc(5), `VmHWM`),
/// and other systems not at all.
#[must_use]
pub fn peak_bytes() -> Option<u64> {
    peak_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The memory that this process may have, in bytes: the machine's, or less where a control group
/// of the process has less (cgroup v2 `memory.max`, v1 `memory.limit_in_bytes`); `None` where the
/// system does not say.
#[must_use]
pub fn machine_bytes() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let machine = total_in(&read("/proc/meminfo")?)?;
    let groups = read("/proc/self/cgroup").unwrap_or_default();
    let limits = limits_of(&groups).filter_map(|path| read(&path)?.trim().parse::<u64>().ok());
    Some(limits.fold(machine, u64::min))
}

fn total_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The files that hold the limits of a process's control groups, and of those that contain them.
/// A container sees its own group as the root.
fn limits_of(groups: &str) -> impl Iterator<Item = String> {
    let mut paths = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else { continue };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            of if of.split(',').any(|one| one == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let mut group = group.trim_end_matches('/');
        loop {
            paths.push(format!("{root}{group}/{file}"));
            let Some((above, _)) = group.rsplit_once('/') else { break };
            group = above;
        }
    }
    paths.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_and_its_groups_are_read() {
        assert_eq!(
            total_in("MemTotal:       24580000 kB\nMemFree: 1 kB\n"),
            Some(24_580_000 << 10)
        );
        assert_eq!(total_in("MemFree: 1 kB\n"), None);
        let rows: [(&str, &[&str]); 4] = [
            ("0::/\n", &["/sys/fs/cgroup/memory.max"]),
            (
                "0::/user.slice/job-1\n",
                &[
                    "/sys/fs/cgroup/user.slice/job-1/memory.max",
                    "/sys/fs/cgroup/user.slice/memory.max",
                    "/sys/fs/cgroup/memory.max",
                ],
            ),
            (
                "3:cpu:/x\n2:blkio,memory:/docker\n",
                &[
                    "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes",
                    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                ],
            ),
            ("nonsense\n", &[]),
        ];
        for (groups, expected) in rows {
            assert_eq!(limits_of(groups).collect::<Vec<_>>(), expected, "{groups}");
        }
    }

    #[test]
    fn the_peak_is_read_or_is_none() {
        let rows = [
            ("Name:\thutong\nVmHWM:\t  637336 kB\nVmRSS:\t 1 kB\n", Some(637_336 * 1024)),
            ("VmHWM:\t12 MB\n", None),
            ("VmHWM:\tmuch kB\n", None),
            ("VmRSS:\t 1 kB\n", None),
            ("VmHWM:\t18446744073709551615 kB\n", None),
        ];
        for (status, peak) in rows {
            assert_eq!(peak_in(status), peak, "{status}");
        }
    }
}
