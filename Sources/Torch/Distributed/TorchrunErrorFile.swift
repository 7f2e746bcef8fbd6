import Foundation

/// The file in which torchrun looks for why a process of its ended, and which it shows first.
package enum TorchrunErrorFile {
    /// Writes a sentence into the file that torchrun named; does nothing without torchrun.
    ///
    /// A file that cannot be written is passed over: the process is about to end with that very sentence.
    ///
    /// - Parameter isConsequence: Whether another process' end is the cause. torchrun shows the file with the earliest second.
    package static func write(
        _ message: String, isConsequence: Bool = false,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        guard let path = environment["TORCHELASTIC_ERROR_FILE"], !path.isEmpty else { return }
        let extra = [
            "py_callstack": message, "timestamp": String(Int(Date().timeIntervalSince1970) + (isConsequence ? 1 : 0)),
        ]
        let content: [String: [String: Any]] = ["message": ["message": message, "extraInfo": extra]]
        guard let data = try? JSONSerialization.data(withJSONObject: content, options: [.sortedKeys]) else { return }
        try? FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try? data.write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}
