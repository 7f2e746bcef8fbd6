import Files
import Foundation
import Images
import Safetensors
import SegmentationMetrics
import StableDiffusion3
import TransparencyData
import TransparencyTraining

/// The parser that FUZZ_TARGET names is given what libFuzzer makes up: it may throw, and must not end the process (Scripts/fuzz).
private let target = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? "safetensors"

/// Where what is read by its path is put, in memory.
private let path = "/dev/shm/transeg-fuzz-\(getpid())-\(target)"

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let data = Data(bytes: start, count: count)
    do { try parse(data) } catch {
        // What people are told must be made without a trap, too.
        precondition(!"\(error)".isEmpty)
    }
    return 0
}

private func parse(_ data: Data) throws {
    func file() throws -> String {
        try data.write(to: URL(fileURLWithPath: path))
        return path
    }
    switch target {
    case "safetensors": _ = try SafetensorsFile(path: file())
    case "index": _ = try SafetensorsIndex(path: file())
    case "pt":
        let checkpoint = try TorchCheckpoint(path: file())
        visit(checkpoint.root, depth: 4)
        _ = try TorchTensorFile.read(path: path)
    case "config":
        do { _ = try SD3TransformerConfiguration(json: data) } catch { _ = "\(error)" }
        _ = try AutoencoderKLConfiguration(json: data)
    case "yaml": _ = try LayeredSettings(files: [file()])
    case "plan": _ = try RepairPlan(contentsOf: file())
    case "metrics": _ = try Metrics(contentsOf: file())
    case "csv":
        _ = try PerImageTable.read(contentsOf: file(), wasInterrupted: data.count % 2 == 0)
    case "mask":
        var reader = ImageReader()
        reader.pixelLimit = 1 << 20
        _ = try reader.readValues(contentsOf: file())
        _ = try reader.read(contentsOf: file())
        _ = try MaskReader().read(file())
    default: preconditionFailure("there is no fuzz target \(target)")
    }
}

/// Reads all tensors of a checkpoint, whatever of them can be read.
private func visit(_ node: TorchCheckpoint.Node, depth: Int) {
    if let tensor = node.tensor {
        _ = try? tensor.bytes()
        _ = try? tensor.bytes(of: 1..<3)
    }
    guard depth > 0 else { return }
    for value in (node.elements ?? []).prefix(8) { visit(value, depth: depth - 1) }
    for (_, value) in (node.items ?? []).prefix(8) { visit(value, depth: depth - 1) }
}
