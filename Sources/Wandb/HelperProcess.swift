import Foundation
import Synchronization

/// A process that is sent lines and answers with lines, over a socket that is its standard input. Sending never waits for it.
final class HelperProcess: Sendable {
    /// How it came to its end.
    struct Ending: Equatable, Sendable {
        let status: Int32
        let wasKilled: Bool
        /// The last line on its standard error.
        let lastWords: String
    }

    /// What the thread that listens shares.
    private final class Shared: Sendable {
        struct State: Sendable {
            var bytesWaiting = 0
            var answers: [Data] = []
            var ending: Ending?
        }

        let socket: Int32
        let state = Mutex(State())
        /// Signalled by each answer and by the end.
        let news = DispatchSemaphore(value: 0)

        init(socket: Int32) { self.socket = socket }
        deinit { close(socket) }

        func answered(_ line: Data) {
            state.withLock { $0.answers.append(line) }
            news.signal()
        }

        func ended(_ ending: Ending) {
            state.withLock { $0.ending = ending }
            news.signal()
        }
    }

    private let process: Process
    private let shared: Shared
    private let sender = DispatchQueue(label: "lines to a helper")
    /// Bytes that may wait to be sent.
    private let limit: Int

    /// Starts a program that is found as a shell finds it. Throws what the system says.
    init(_ arguments: [String], environment: [String: String], limit: Int) throws {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
        let shared = Shared(socket: ends[0])
        defer { close(ends[1]) }
        let errors = Self.unnamedFile()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle(fileDescriptor: ends[1])
        process.standardOutput = errors ?? .nullDevice
        process.standardError = errors ?? .nullDevice
        try process.run()
        (self.process, self.shared, self.limit) = (process, shared, limit)
        Thread.detachNewThread {
            Self.listen(to: shared)
            process.waitUntilExit()
            shared.ended(
                Ending(
                    status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
                    lastWords: Self.lastLine(of: errors)))
        }
    }

    /// The other side sees that there is nobody left.
    deinit { shutdown(shared.socket, Int32(SHUT_RDWR)) }

    /// Answers until the other side is closed.
    private static func listen(to shared: Shared) {
        var line = Data()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(shared.socket, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            for byte in buffer[..<count] {
                if byte == UInt8(ascii: "\n") {
                    shared.answered(line)
                    line = Data()
                } else {
                    line.append(byte)
                }
            }
        }
    }

    /// Sends a line when those before are sent. Gives whether it will be: not where the process has ended, or so much waits already that one
    /// that does not listen would take up the memory.
    @discardableResult
    func send(_ line: Data) -> Bool {
        let isTaken = shared.state.withLock { [limit] state in
            guard state.ending == nil, state.bytesWaiting + line.count <= limit else { return false }
            state.bytesWaiting += line.count
            return true
        }
        guard isTaken else { return false }
        sender.async { [shared] in
            Self.write(line + Data("\n".utf8), to: shared.socket)
            shared.state.withLock { (state: inout Shared.State) in state.bytesWaiting -= line.count }
        }
        return true
    }

    /// A line that cannot be sent is lost; that the process has ended is noticed by who listens.
    private static func write(_ line: Data, to socket: Int32) {
        line.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
            var rest = bytes
            while !rest.isEmpty {
                let count = Glibc.send(socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    /// How the process ended; nil while it is there.
    var ending: Ending? { shared.state.withLock { $0.ending } }

    /// The next answer; nil where there is none yet.
    func answer() -> Data? { shared.state.withLock { $0.answers.isEmpty ? nil : $0.answers.removeFirst() } }

    /// Waits for the next answer; nil when the process ends without, or the time is over.
    func answer(within seconds: Double) -> Data? {
        let deadline = DispatchTime.now() + seconds
        while true {
            if let answer = answer() { return answer }
            guard ending == nil, shared.news.wait(timeout: deadline) == .success else { return answer() }
        }
    }

    /// Waits for the end, and brings it about when the time is over.
    func end(within seconds: Double) {
        let deadline = DispatchTime.now() + seconds
        while ending == nil {
            guard shared.news.wait(timeout: deadline) == .success else { return kill() }
        }
    }

    func kill() { Glibc.kill(process.processIdentifier, SIGKILL) }

    /// A file that goes when it is closed; nil where none can be made.
    private static func unnamedFile() -> FileHandle? {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/transeg.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { return nil }
        unlink(template)
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private static func lastLine(of file: FileHandle?) -> String {
        guard let file, let end = try? file.seekToEnd(),
            (try? file.seek(toOffset: end > 4096 ? end - 4096 : 0)) != nil, let data = try? file.readToEnd()
        else { return "" }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        return lines.last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
    }
}
