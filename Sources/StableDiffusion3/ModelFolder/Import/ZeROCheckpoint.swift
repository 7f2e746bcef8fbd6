import Foundation
import Safetensors
import Torch

/// A checkpoint of DeepSpeed's ZeRO, stages 1 to 3: the float32 masters of all parameters, flat, each process with its share.
///
/// It is put together as DeepSpeed 0.15.4's `zero_to_fp32.py` does, weight by weight.
struct ZeROCheckpoint {
    let stage: Int
    private let folder: String
    private let files: [TorchCheckpoint]
    /// What each process keeps, by groups of parameters.
    private let partitions: [[TorchTensor]]
    private let modelStates: [TorchCheckpoint.Node]
    private(set) var tensors: [String: ImportedTensor] = [:]

    static let optimizerSuffix = "_optim_states.pt"
    static let modelSuffix = "_model_states.pt"

    init(folder: String) throws {
        self.folder = folder
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let optimizers = try Self.ranked(names.filter { $0.hasSuffix(Self.optimizerSuffix) }, in: folder)
        let models = try Self.ranked(names.filter { $0.hasSuffix(Self.modelSuffix) }, in: folder)
        guard let model = models.first else {
            throw ImportError(
                "\(folder) has no file *\(Self.modelSuffix) beside its optimizer's; copy the whole checkpoint")
        }
        let files = try optimizers.map { try TorchCheckpoint(path: "\(folder)/\($0)") }
        let states = try files.map { file in
            guard let state = file.root["optimizer_state_dict"] else {
                throw ImportError(
                    "\(file.path) has no optimizer_state_dict; a ZeRO checkpoint of DeepSpeed was expected")
            }
            return state
        }
        guard let first = states.first else { throw ImportError("\(folder) has no file *\(Self.optimizerSuffix)") }
        stage = first["zero_stage"]?.integer ?? (first["fp32_flat_groups"] == nil ? 2 : 3)
        let count = first["partition_count"]
        let processes = count?.integer ?? count?.elements?.compactMap(\.integer).max() ?? states.count
        guard processes == states.count else {
            throw ImportError(
                "\(folder) has \(states.count) of the \(processes) files *\(Self.optimizerSuffix) of its processes; copy the rest, too"
            )
        }
        let key = stage <= 2 ? "single_partition_of_fp32_groups" : "fp32_flat_groups"
        partitions = try zip(files, states).map { file, state in
            guard let groups = state[key]?.elements?.map(\.tensor), !groups.isEmpty,
                !groups.contains(where: { $0 == nil })
            else {
                throw ImportError("\(file.path) has no tensors \(key); a ZeRO checkpoint of stage 1 to 3 was expected")
            }
            return groups.compactMap { $0 }
        }
        // Frozen parameters are shared out in stage 3 alone; the rest is the same in all processes.
        let modelFiles = try (stage <= 2 ? [model] : models).map { try TorchCheckpoint(path: "\(folder)/\($0)") }
        modelStates = modelFiles.map(\.root)
        guard stage <= 2 || modelStates.count == processes else {
            throw ImportError(
                "\(folder) has \(models.count) of the \(processes) files *\(Self.modelSuffix) of its processes; copy the rest, too"
            )
        }
        self.files = files + modelFiles
        guard partitions.allSatisfy({ $0.count == partitions[0].count }) else {
            throw damaged("its processes have different numbers of groups")
        }
        try addBuffers()
        try addFrozen()
        try stage <= 2 ? addJoined() : addZipped()
        for (key, other) in try pairs(modelStates[0]["shared_params"]) { tensors[key] = tensors[other] ?? tensors[key] }
    }

    var processCount: Int { partitions.count }

    func requireUnchanged() throws { for file in files { try file.requireUnchanged() } }

    /// In the order of the processes. Only one part of a model that is split over devices could be read, so that it is refused.
    private static func ranked(_ names: [String], in folder: String) throws -> [String] {
        if let part = names.first(where: { $0.contains("mp_rank_") && !$0.contains("mp_rank_00_") }) {
            throw ImportError("\(folder)/\(part): the model is split over several devices (mp_rank), which is not read")
        }
        func rank(_ name: String) -> Int {
            name.firstMatch(of: /zero_pp_rank_([0-9]+)_/).flatMap { Int($0.1) } ?? 0
        }
        return names.sorted { (rank($0), $0) < (rank($1), $1) }
    }

    private func damaged(_ reason: String) -> ImportError {
        ImportError("\(folder) is no whole checkpoint: \(reason); copy it again")
    }

    // MARK: - Parameters

    private struct Parameter {
        let name: String
        let shape: [Int]
        var count: Int { shape.reduce(1, *) }
    }

    /// Names and shapes, in their order, of each group.
    private func groups(_ node: TorchCheckpoint.Node?) throws -> [[Parameter]] {
        guard let node, let dicts = node.elements ?? [node] as [TorchCheckpoint.Node]? else { return [] }
        return try dicts.map { dict in
            try (dict.items ?? []).map { name, size in
                guard let shape = size.elements?.map(\.integer),
                    shape.allSatisfy({ $0.map { (0...1 << 40).contains($0) } ?? false }),
                    StoredDType.f32.byteCount(ofShape: shape.compactMap { $0 }) != nil
                else { throw damaged("the shape of \(name) is none") }
                return Parameter(name: name, shape: shape.compactMap { $0 })
            }
        }
    }

    private func pairs(_ node: TorchCheckpoint.Node?) throws -> [(String, String)] {
        (node?.items ?? []).compactMap { key, value in value.string.map { (key, $0) } }
    }

    private mutating func add(_ parameter: Parameter, _ pieces: [(tensor: TorchTensor, elements: Range<Int>)]) throws {
        guard let dtype = pieces.first?.tensor.dtype, pieces.allSatisfy({ $0.tensor.dtype == dtype }) else {
            throw damaged("its processes have different dtypes")
        }
        tensors[parameter.name] = try ImportedTensor(
            name: parameter.name, file: folder, shape: parameter.shape, stored: dtype,
            bytes: { body in
                var bytes: [UInt8] = []
                bytes.reserveCapacity(parameter.count * dtype.byteCount)
                for piece in pieces { bytes += try piece.tensor.bytes(of: piece.elements) }
                return try bytes.withUnsafeBytes(body)
            })
    }

    /// What a module has that is not trained, such as the positional embedding; in float32, as the script gives it.
    private mutating func addBuffers() throws {
        let names = Set((modelStates[0]["buffer_names"]?.elements ?? []).compactMap(\.string))
        for (key, value) in modelStates[0]["module"]?.items ?? [] where names.contains(key) {
            guard let tensor = value.tensor else { continue }
            let buffer = try ImportedTensor(key, tensor)
            tensors[key] = buffer.changed(buffer.shape, dtype: .float32) { try $0.to(.float32) }
        }
    }

    private mutating func addFrozen() throws {
        guard let shapes = modelStates[0]["frozen_param_shapes"], shapes.items != nil else { return }
        let fragments = modelStates.map { $0["frozen_param_fragments"] }
        for parameter in try groups(shapes).flatMap({ $0 }) {
            var rest = parameter.count
            let pieces = try fragments.map { fragments in
                guard let tensor = fragments?[parameter.name]?.tensor else {
                    throw damaged("the frozen parameter \(parameter.name) is missing")
                }
                let count = min(rest, try tensor.elementCount())
                rest -= count
                return (tensor, 0..<count)
            }
            guard rest == 0 else { throw damaged("the frozen parameter \(parameter.name) is cut off") }
            try add(parameter, pieces)
        }
    }

    /// Stages 1 and 2: a group's partitions one after the other are its parameters one after the other.
    private mutating func addJoined() throws {
        let groups = try groups(modelStates[0]["param_shapes"])
        guard groups.count == partitions[0].count else { throw damaged("its files have different numbers of groups") }
        for (index, parameters) in groups.enumerated() {
            var runs: [(tensor: TorchTensor, elements: Range<Int>)] = []
            for process in partitions {
                let start = runs.last?.elements.upperBound ?? 0
                runs.append((process[index], start..<start + (try process[index].elementCount())))
            }
            var offset = 0
            for parameter in parameters {
                let wanted = offset..<offset + parameter.count
                try require(wanted.upperBound <= runs[runs.count - 1].elements.upperBound, parameter)
                let pieces = runs.map { tensor, elements in
                    let part = elements.clamped(to: wanted)
                    let start = part.lowerBound - elements.lowerBound
                    return (tensor, start..<start + part.count)
                }
                let isEmpty = pieces.allSatisfy { $0.1.isEmpty }
                try add(parameter, isEmpty ? Array(pieces.prefix(1)) : pieces.filter { !$0.1.isEmpty })
                offset = wanted.upperBound
            }
            // Groups are padded to twice the number of processes, in two places of DeepSpeed.
            let unit = 2 * processCount
            func aligned(_ count: Int) -> Int { (count + unit - 1) / unit * unit }
            guard aligned(offset) == aligned(runs[runs.count - 1].elements.upperBound) else {
                throw damaged(
                    "its parameters are \(offset) numbers, and its processes keep \(runs[runs.count - 1].elements.upperBound)"
                )
            }
        }
    }

    /// Stage 3: each process has its share of every parameter, in the order of the parameters of all groups.
    private mutating func addZipped() throws {
        let counts = try partitions.map { try $0.map { try $0.elementCount() } }
        guard counts.allSatisfy({ $0 == counts[0] }) else { throw damaged("its processes keep different amounts") }
        var (group, offset, seen) = (0, 0, 0)
        for parameter in try groups(modelStates[0]["param_shapes"]).flatMap({ $0 }) {
            let share = (parameter.count + processCount - 1) / processCount
            while group < counts[0].count, offset == counts[0][group], share > 0 { (group, offset) = (group + 1, 0) }
            try require(
                group < counts[0].count && offset + share <= counts[0][min(group, counts[0].count - 1)], parameter)
            let pieces = partitions.enumerated().map { rank, groups in
                let start = min(rank * share, parameter.count)
                return (groups[group], offset..<offset + min(share, parameter.count - start))
            }
            try add(parameter, pieces)
            (offset, seen) = (offset + share, seen + share)
        }
        let kept = counts[0].reduce(0, +)
        guard seen == kept else {
            throw damaged("its parameters take \(seen) numbers of a process, which keeps \(kept)")
        }
    }

    private func require(_ condition: Bool, _ parameter: Parameter) throws {
        if !condition { throw damaged("the parameter \(parameter.name) reaches beyond what its processes keep") }
    }
}
