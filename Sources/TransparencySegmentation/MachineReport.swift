import EmbeddedModel
import Foundation
import Images
import StableDiffusion3
import Torch

/// What this machine has for segmenting pictures, and what is missing.
package struct MachineReport: Encodable, Sendable {
    /// A device that can compute.
    package struct DeviceReport: Encodable, Sendable {
        package let name: String
        package let freeGib: Double?
        package let totalGib: Double?
    }

    /// What processes that compute together find here.
    package struct LaunchReport: Encodable, Sendable {
        /// What a launcher told this process; nil without one.
        package let rank: Int?
        package let worldSize: Int?
        package let launcher: String?
        package let address: String?
        /// Why the launcher's variables cannot be understood.
        package let problem: String?
        /// Why CUDA devices cannot exchange anything; nil where they can.
        package let ncclProblem = DistributedSupport.ncclProblem

        init() {
            do {
                let found = try LaunchEnvironment.detect()
                (rank, worldSize, launcher) = (found?.rank, found?.worldSize, found?.launcher.rawValue)
                address = found.map { "\($0.masterAddress):\($0.masterPort)" }
                problem = nil
            } catch {
                (rank, worldSize, launcher, address) = (nil, nil, nil, nil)
                problem = "\(error)"
            }
        }
    }

    /// A model that was looked for.
    package struct ModelReport: Encodable, Sendable {
        package let name: String
        package let path: String?
        /// The transformer's form.
        package let transformer: String?
        /// Why it cannot be used, if so.
        package let problem: String?
    }

    /// The version that runs.
    package let torch = TorchRuntime.loadedVersion ?? TorchRuntime.version
    package let cpuCapability = TorchRuntime.cpuCapability
    package let threads = TorchRuntime.threadCount
    package let processors = ProcessInfo.processInfo.processorCount
    package let devices: [DeviceReport]
    package let cudaProblem = Device.cudaProblem
    package let launch = LaunchReport()
    package let imageFormats = ImageReader.formats
    package let models: [ModelReport]
    /// What is missing, one sentence each; empty where pictures can be segmented.
    package let problems: [String]

    /// Looks at everything.
    ///
    /// - Parameter model: A folder or Hugging Face id to look for besides the embedded model.
    package init(model: String? = nil) {
        devices = Self.devices()
        var models: [ModelReport] = []
        if let embedded = EmbeddedModel.folder {
            models.append(Self.look(embedded, as: "embedded"))
        } else {
            let problem = "the resource bundle of the embedded model is not beside the program"
            models.append(ModelReport(name: "embedded", path: nil, transformer: nil, problem: problem))
        }
        if let model { models.append(Self.look(model, as: model)) }
        self.models = models
        var problems = models.compactMap(\.problem)
        if torch != TorchRuntime.version {
            problems.append(
                "libctorch was compiled for torch \(TorchRuntime.version), but torch \(torch) is loaded; "
                    + "run Scripts/build-shim again")
        }
        self.problems = problems
    }

    private static func devices() -> [DeviceReport] {
        let bytes = 1.0 / Double(1 << 30)
        let cpu = DeviceReport(
            name: "cpu", freeGib: nil, totalGib: Double(ProcessInfo.processInfo.physicalMemory) * bytes)
        let accelerators = [Device.Kind.cuda, .mps].flatMap { kind in
            (0..<Device.count(of: kind)).map { index in
                let device = Device(kind, index: index)
                let memory = try? device.memory()
                return DeviceReport(
                    name: "\(kind.rawValue):\(index)", freeGib: memory.map { Double($0.free) * bytes },
                    totalGib: memory.map { Double($0.total) * bytes })
            }
        }
        return [cpu] + accelerators
    }

    /// Finds a model and loads its parts' headers, which shows missing files and wrong shapes.
    private static func look(_ name: String, as label: String) -> ModelReport {
        do {
            let folder = try ModelFolder(name)
            let form = try folder.transformerForm()
            try folder.check()
            return ModelReport(name: label, path: folder.path, transformer: "\(form)", problem: nil)
        } catch {
            return ModelReport(name: label, path: nil, transformer: nil, problem: "\(error)")
        }
    }
}
