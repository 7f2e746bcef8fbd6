import Foundation

/// The memory that this machine has for the process.
package enum MachineMemory {
    /// Bytes that could still be taken now, swap among them; of a container that may have less, what its limit leaves.
    package static var free: Int {
        let facts = text("/proc/meminfo").split(separator: "\n").compactMap { line -> (String, Int)? in
            let words = line.split(whereSeparator: { $0 == ":" || $0 == " " })
            guard words.count >= 2, let kibibytes = Int(words[1]) else { return nil }
            return (String(words[0]), kibibytes << 10)
        }
        let machine = Dictionary(facts) { first, _ in first }
        guard let available = machine["MemAvailable"] else { return Int(ProcessInfo.processInfo.physicalMemory) }
        return min(available + (machine["SwapFree"] ?? 0), containerFree ?? .max)
    }

    /// Bytes that the machine has for all of its processes.
    package static var total: Int { Int(ProcessInfo.processInfo.physicalMemory) }

    /// What the control group (version 2, then 1) leaves; nil where there is no limit.
    private static var containerFree: Int? {
        let files = [
            ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
            (
                "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes",
                "/sys/fs/cgroup/memory/memory.stat"
            ),
        ]
        return files.compactMap { limit, usage, facts -> Int? in
            guard let most = Int(text(limit)), let used = Int(text(usage)), most < 1 << 50 else { return nil }
            // Pages of files are given back when memory is wanted.
            let cached = text(facts).split(separator: "\n").first { $0.hasPrefix("inactive_file ") }
            let pages = cached.flatMap { Int($0.dropFirst("inactive_file ".count)) } ?? 0
            return max(0, most - used + pages)
        }.first
    }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }

    /// The product of a plan's factors, each from 0 on: so many bytes or numbers, or more than any machine has.
    package static func product(_ factors: Int...) -> Int {
        factors.reduce(1) { product, factor in
            let (next, overflows) = product.multipliedReportingOverflow(by: factor)
            return overflows ? beyond : min(next, beyond)
        }
    }

    /// Some of these can be added without going beyond 64 bits.
    private static let beyond = 1 << 58

    /// What does not fit would end the process, so it is refused beforehand.
    ///
    /// - Parameters:
    ///   - bytes: What a plan comes to.
    ///   - what: Its subject, such as "an update".
    ///   - remedy: What to do, an imperative.
    ///   - limit: Bytes that may be taken, where somebody set a limit.
    /// - Throws: ``MemoryError``.
    package static func check(_ bytes: Int, for what: String, remedy: String, limit: Int? = nil) throws {
        let free = limit ?? free
        guard bytes > free else { return }
        throw MemoryError(
            description: "\(what) would take about \(text(bytes)) of memory, and "
                + (limit == nil ? "\(text(free)) are free" : "the memory limit is \(text(free))") + "; \(remedy)")
    }

    /// `1.5 GiB`.
    package static func text(_ bytes: Int) -> String { String(format: "%.1f GiB", Double(bytes) / Double(1 << 30)) }
}

/// More memory would be needed than there is. The description is one sentence for a person.
package struct MemoryError: Error, Equatable, CustomStringConvertible, LocalizedError {
    package let description: String
    package var errorDescription: String? { description }

    package init(description: String) { self.description = description }
}
