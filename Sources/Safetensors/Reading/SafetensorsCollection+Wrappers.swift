extension SafetensorsCollection {
    /// The modules in which `torch.compile`, FSDP and activation checkpointing wrap others, at any depth.
    private static let wrappers: Set<Substring> = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"]
    /// What training programs put before every key when they save a model together with what holds it: `DataParallel`, Lightning and a pipeline's
    /// attributes. No model here has all its keys in one of them.
    private static let prefixes = ["module.", "model.", "transformer.", "vae."]

    /// The tensors by the names that they have in the model itself: without the names of wrappers, and without other prefixes where all keys have
    /// them.
    ///
    /// Throws `malformed` if two tensors come to have the same name.
    package func unwrapped() throws -> SafetensorsCollection {
        let names = Self.unwrapped(tensors.keys)
        guard names.contains(where: { $0.key != $0.value }) else { return self }
        return try renamed { names[$0] ?? $0 }
    }

    /// The names that keys have in the model itself.
    package static func unwrapped(_ keys: some Collection<String>) -> [String: String] {
        var names = Dictionary(uniqueKeysWithValues: keys.map { ($0, unwrapped($0)) })
        while let prefix = prefixes.first(where: { prefix in
            !names.isEmpty && names.values.allSatisfy { $0.hasPrefix(prefix) && $0.count > prefix.count }
        }) {
            names = names.mapValues { String($0.dropFirst(prefix.count)) }
        }
        return names
    }

    private static func unwrapped(_ name: String) -> String {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        // The last one is the tensor's own.
        guard let own = parts.last, parts.dropLast().contains(where: wrappers.contains) else { return name }
        return (parts.dropLast().filter { !wrappers.contains($0) } + [own]).joined(separator: ".")
    }
}
