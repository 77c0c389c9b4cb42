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

#[cfg(test)]
mod tests {
    use super::*;

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
