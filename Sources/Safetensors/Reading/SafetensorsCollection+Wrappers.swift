extension SafetensorsCollection {
    /// What training programs put before every key when they save a model together with what they had wrapped it in: `DataParallel`, Lightning
    /// and a pipeline's attributes. No model here has all its keys in one of them.
    private static let prefixes = ["module.", "model.", "transformer.", "vae."]

    /// The tensors by the names that they have in the model itself: without `_orig_mod.`, which `torch.compile` puts wherever it wraps a module,
    /// and without the prefixes of other wrappers where all keys have them.
    ///
    /// Throws `malformed` if two tensors come to have the same name.
    package func unwrapped() throws -> SafetensorsCollection {
        let compiled = "_orig_mod."
        func uncompiled(_ name: String) -> String {
            // Between names, not at the end of one.
            name.split(separator: ".", omittingEmptySubsequences: false).filter { $0 != "_orig_mod" }.joined(
                separator: ".")
        }
        var names = Dictionary(
            uniqueKeysWithValues: tensors.keys.map { ($0, $0.contains(compiled) ? uncompiled($0) : $0) })
        while let prefix = Self.prefixes.first(where: { prefix in
            !names.isEmpty && names.values.allSatisfy { $0.hasPrefix(prefix) && $0.count > prefix.count }
        }) {
            names = names.mapValues { String($0.dropFirst(prefix.count)) }
        }
        guard names.contains(where: { $0.key != $0.value }) else { return self }
        return try renamed { names[$0] ?? $0 }
    }
}
