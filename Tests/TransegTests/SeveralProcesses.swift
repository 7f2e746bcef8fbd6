import Foundation
import Testing

/// The program started several times together, as launchers do it.
final class SeveralProcesses {
    let processes: [Process]
    private let folder: String

    /// - Parameter environment: Beside what a launcher sets.
    init(_ count: Int, _ arguments: [String], in folder: String, environment: [String: String] = [:]) throws {
        self.folder = folder
        let port = try Self.freePort()
        processes = try (0..<count).map { rank in
            let process = Program.makeProcess(arguments, in: folder)
            let own = [
                "RANK": "\(rank)", "LOCAL_RANK": "\(rank)", "WORLD_SIZE": "\(count)", "LOCAL_WORLD_SIZE": "\(count)",
                "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
                "TORCHELASTIC_ERROR_FILE": "\(folder)/error-\(rank).json",
            ]
            process.environment?.merge(own.merging(environment) { $1 }) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = try Self.file("\(folder)/.out-\(rank)")
            process.standardError = try Self.file("\(folder)/.err-\(rank)")
            return process
        }
        for process in processes { try process.run() }
    }

    private static func file(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(fileURLWithPath: path))
        return try #require(FileHandle(forWritingAtPath: path))
    }

    /// Waits for the end of all; what each left, by rank.
    func results() throws -> [ProgramResult] {
        try processes.enumerated().map { rank, process in
            process.waitUntilExit()
            let output = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/.out-\(rank)"))
            let errors = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/.err-\(rank)"))
            return ProgramResult(
                exitCode: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
                outputBytes: output, errors: String(decoding: errors, as: UTF8.self))
        }
    }

    /// Waits until a file has so many lines, or all have ended.
    func wait(for file: String, lines: Int = 2) {
        while processes.contains(where: \.isRunning), lineCount(file) < lines { usleep(2000) }
    }

    private func lineCount(_ file: String) -> Int {
        (FileManager.default.contents(atPath: "\(folder)/\(file)") ?? Data()).count { $0 == 10 }
    }

    /// One that nobody listens at.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isBound)
        return UInt16(bigEndian: address.sin_port)
    }
}
