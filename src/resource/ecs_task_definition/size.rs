//! Amounts of CPU and memory, and the sizes of Fargate tasks.

/// A size of CPU with the memory that goes with it.
struct Size {
    /// CPU units.
    cpu: u64,
    /// The least memory in MiB.
    least: u64,
    /// The most memory in MiB.
    most: u64,
    /// Memory comes in multiples of this; 0 for doublings of the least.
    step: u64,
}

/// The sizes of Fargate tasks:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size>.
const SIZES: &[Size] = &[
    size(256, 512, 2048, 0),
    size(512, 1024, 4096, 1024),
    size(1024, 2048, 8192, 1024),
    size(2048, 4096, 16384, 1024),
    size(4096, 8192, 30720, 1024),
    size(8192, 16384, 61440, 4096),
    size(16384, 32768, 122_880, 8192),
];

const fn size(cpu: u64, least: u64, most: u64, step: u64) -> Size {
    Size {
        cpu,
        least,
        most,
        step,
    }
}

impl Size {
    /// Lists the memory that goes with it.
    fn memories(&self) -> Vec<u64> {
        let next = |memory: &u64| {
            let step = if self.step == 0 { *memory } else { self.step };
            Some(memory + step).filter(|next| *next <= self.most)
        };
        std::iter::successors(Some(self.least), next).collect()
    }

    /// Says which memory goes with it.
    fn range(&self) -> String {
        match self.memories().as_slice() {
            [one, two, three] => format!("{one}, {two} or {three}"),
            _ => format!("{} to {} in steps of {}", self.least, self.most, self.step),
        }
    }
}

/// Reads CPU units: `256`, `0.25 vCPU`. `None` for what is neither.
pub(super) fn cpu(text: &str) -> Option<u64> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    match lower.strip_suffix("vcpu") {
        Some(number) => scaled(number, 1024.0),
        None => text.parse().ok(),
    }
}

/// Reads MiB: `512`, `1GB`, `0.5 GB`, `512 MB`. `None` for what is neither.
pub(super) fn memory(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    if let Some(number) = lower.strip_suffix("gb") {
        return scaled(number, 1024.0);
    }
    match lower.strip_suffix("mb") {
        Some(number) => scaled(number, 1.0),
        None => lower.parse().ok(),
    }
}

/// Multiplies; `None` where the product is no whole number.
fn scaled(number: &str, unit: f64) -> Option<u64> {
    let product = number.trim().parse::<f64>().ok()? * unit;
    let is_whole = product.fract() == 0.0 && (0.0..1e9).contains(&product);
    // A whole number below 1e9 is the same without its point.
    is_whole.then(|| format!("{product:.0}").parse().ok())?
}

/// Tells why Fargate has no task of this size, and which it has instead;
/// `None` where it has one.
pub(super) fn fargate_problem(cpu: u64, memory: u64) -> Option<(String, String)> {
    let same = SIZES.iter().find(|size| size.cpu == cpu);
    if same.is_some_and(|size| size.memories().contains(&memory)) {
        return None;
    }
    let message = format!("Fargate has no task with {cpu} cpu and {memory} memory");
    let (nearest_cpu, nearest_memory) = nearest(cpu, memory);
    let nearest = format!("the nearest size is cpu {nearest_cpu} with memory {nearest_memory}");
    let hint = if let Some(size) = same {
        format!("{nearest}; cpu {cpu} takes memory {}", size.range())
    } else {
        let all: Vec<String> = SIZES.iter().map(|size| size.cpu.to_string()).collect();
        format!("{nearest}; cpu is one of {}", all.join(", "))
    };
    Some((message, hint))
}

/// The smallest size that has at least as much of both; the largest there is
/// where none has.
fn nearest(cpu: u64, memory: u64) -> (u64, u64) {
    let fitting = SIZES.iter().filter(|size| size.cpu >= cpu);
    let fitting = fitting.flat_map(|size| {
        let memories = size.memories().into_iter();
        memories.map(|memory| (size.cpu, memory))
    });
    let mut fitting = fitting.filter(|(_, one)| *one >= memory);
    fitting.next().unwrap_or((16384, 122_880))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_as_ecs_reads_them() {
        for (text, units) in [
            ("256", Some(256)),
            ("0.25 vCPU", Some(256)),
            (".5vcpu", Some(512)),
            ("1 vCPU", Some(1024)),
            ("a lot", None),
            ("0.0001 vCPU", None),
            ("-1 vCPU", None),
            ("1.5", None),
        ] {
            assert_eq!(cpu(text), units, "{text}");
        }
        for (text, mebibytes) in [
            ("512", Some(512)),
            ("1GB", Some(1024)),
            ("0.5 GB", Some(512)),
            ("30 gb", Some(30720)),
            ("GB", None),
            ("1 TB", None),
        ] {
            assert_eq!(memory(text), mebibytes, "{text}");
        }
    }

    #[test]
    fn the_nearest_size_is_named() {
        for (cpu, memory) in [
            (256, 512),
            (256, 2048),
            (512, 3072),
            (4096, 30720),
            (8192, 20480),
            (16384, 122_880),
        ] {
            assert_eq!(fargate_problem(cpu, memory), None, "{cpu} {memory}");
        }
        let hint = |cpu, memory| fargate_problem(cpu, memory).unwrap().1;
        assert_eq!(
            hint(256, 4096),
            "the nearest size is cpu 512 with memory 4096; cpu 256 takes memory 512, 1024 or 2048"
        );
        assert_eq!(
            hint(8192, 17408),
            "the nearest size is cpu 8192 with memory 20480; cpu 8192 takes memory 16384 to 61440 in steps of 4096"
        );
        assert!(
            hint(300, 512).starts_with("the nearest size is cpu 512 with memory 1024; cpu is one")
        );
        assert!(hint(16384, 999_999).starts_with("the nearest size is cpu 16384 with memory 122"));
    }
}
