import CTorch
import Foundation

/// Where processes, or threads in tests, find each other: a map of texts that all of them see.
///
/// It locks itself: one that waits for a key at an address keeps other threads waiting, which want a ``clone()``.
package final class ProcessGroupStore: Sendable {
    /// A pointer, as a number, for pointers are not `Sendable`.
    private let address: UInt

    var raw: ct_store { ct_store(impl: UnsafeMutableRawPointer(bitPattern: address)) }

    private init(_ operation: String, _ make: (UnsafeMutablePointer<ct_store>) -> ct_status) throws {
        var out = ct_store()
        try check(make(&out), operation)
        address = UInt(bitPattern: out.impl)
    }

    /// A store of this process's own.
    package static func inMemory() throws -> ProcessGroupStore {
        try ProcessGroupStore("store in memory") { ct_store_in_memory($0) }
    }

    /// The store at an address.
    ///
    /// - Parameters:
    ///   - serves: Whether this process is to host it; port 0 takes a free one then.
    ///   - timeout: How long to wait for the address, and for each key.
    package static func tcp(
        host: String, port: Int, serves: Bool, timeout: Duration
    ) throws -> ProcessGroupStore {
        try ProcessGroupStore("store at \(host):\(port)") {
            ct_store_tcp(host, Int32(port), serves, timeout.seconds, $0)
        }
    }

    /// The same store with `prefix` before every key.
    package func prefixed(_ prefix: String) throws -> ProcessGroupStore {
        try ProcessGroupStore("store of \(prefix)") { ct_store_prefixed(raw, prefix, $0) }
    }

    /// A connection of its own, for another thread.
    package func clone() throws -> ProcessGroupStore {
        try ProcessGroupStore("clone of a store") { ct_store_clone(raw, $0) }
    }

    /// The port of a store at an address; 0 for others.
    package var port: Int { Int(ct_store_port(raw)) }

    package func set(_ key: String, _ text: String) throws {
        try check(ct_store_set(raw, key, text), "set \(key)")
    }

    /// Waits for the key.
    package func get(_ key: String) throws -> String {
        var text: UnsafeMutablePointer<CChar>?
        try check(ct_store_get(raw, key, &text), "get \(key)")
        defer { free(text) }
        return text.map { String(cString: $0) } ?? ""
    }

    package func has(_ key: String) throws -> Bool {
        var has = false
        try check(ct_store_has(raw, key, &has), "check \(key)")
        return has
    }

    /// Adds to the number that the key holds, 0 at first, and gives the sum.
    @discardableResult
    package func add(_ amount: Int, to key: String) throws -> Int {
        var sum: Int64 = 0
        try check(ct_store_add(raw, key, Int64(amount), &sum), "add to \(key)")
        return Int(sum)
    }

    /// How long ``get(_:)`` waits.
    package func setTimeout(_ timeout: Duration) throws {
        try check(ct_store_set_timeout(raw, timeout.seconds), "timeout of a store")
    }

    deinit { ct_store_free(raw) }
}

extension Duration {
    /// As a number of seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
