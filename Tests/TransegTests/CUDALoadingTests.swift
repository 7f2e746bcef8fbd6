import Foundation
import TestSupport
import Testing

/// What is loaded of a torch with CUDA, told by libraries that stand in for CUDA's part and for the driver.
@Suite struct CUDALoadingTests {
    /// A driver's answers: whether `cuInit` succeeds, and how many devices there are. No driver at all is nil.
    struct Driver: CustomTestStringConvertible {
        let status: Int
        let devices: Int
        var testDescription: String { "cuInit \(status), \(devices) devices" }
    }

    /// Runs the program with the stand-ins. Gives what it printed and whether CUDA's part was loaded.
    private func run(
        _ arguments: [String], driver: Driver?, in folder: String
    ) throws -> (result: ProgramResult, isLoaded: Bool) {
        let libraries = "\(folder)/lib"
        try FileManager.default.createDirectory(atPath: libraries, withIntermediateDirectories: true)
        // libtorch as it is loaded, so that CUDA's part is found beside it.
        let maps = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/maps")).readToEnd() ?? Data()
        let torch = try #require(
            String(decoding: maps, as: UTF8.self).split(separator: "\n")
                .compactMap { $0.split(separator: " ").last }.first { $0.hasSuffix("/libtorch_cpu.so") })
        let source = URL(fileURLWithPath: String(torch)).deletingLastPathComponent().path
        for name in try FileManager.default.contentsOfDirectory(atPath: source) where name != "libtorch_cuda.so" {
            try FileManager.default.createSymbolicLink(
                atPath: "\(libraries)/\(name)", withDestinationPath: "\(source)/\(name)")
        }
        try compile(
            """
            #include <stdio.h>
            __attribute__((constructor)) static void loaded(void) { fclose(fopen("\(folder)/loaded", "w")); }
            """, to: "\(libraries)/libtorch_cuda.so", in: folder)
        if let driver {
            try compile(
                """
                int cuInit(unsigned flags) { return \(driver.status); }
                int cuDeviceGetCount(int *count) { *count = \(driver.devices); return 0; }
                """, to: "\(libraries)/libcuda.so.1", in: folder)
        }
        let result = try Program.run(arguments, in: folder, environment: ["LD_LIBRARY_PATH": libraries])
        return (result, FileManager.default.fileExists(atPath: "\(folder)/loaded"))
    }

    private func compile(_ source: String, to library: String, in folder: String) throws {
        let file = "\(folder)/\(UUID().uuidString).c"
        try source.write(toFile: file, atomically: true, encoding: .utf8)
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/gcc")
        compiler.arguments = ["-shared", "-fPIC", "-o", library, file]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
    }

    @Test(arguments: [nil, Driver(status: 100, devices: 0), Driver(status: 0, devices: 0)])
    func withoutADeviceNothingOfCUDAIsLoaded(driver: Driver?) throws {
        try withTemporaryFolder { folder in
            let (result, isLoaded) = try run(["doctor"], driver: driver, in: folder)
            #expect(!isLoaded)
            #expect(result.output.contains("not usable: \(driver == nil ? "no NVIDIA driver" : "the NVIDIA driver")"))
        }
    }

    @Test(arguments: [
        ["doctor"],
        // A device that is named, where nobody looks for the best one before.
        ["bench", "train", "--device", "cuda", "--shape", "small"],
        ["segment", "--device", "cpu"],
    ])
    func aDriverWithADeviceLoadsIt(arguments: [String]) throws {
        try withTemporaryFolder { folder in
            let isForTheCPU = arguments.last == "cpu"
            let (_, isLoaded) = try run(arguments, driver: Driver(status: 0, devices: 1), in: folder)
            #expect(isLoaded != isForTheCPU)
        }
    }

    @Test func aDeviceThatIsNamedSaysWhatIsMissing() throws {
        try withTemporaryFolder { folder in
            let (result, _) = try run(["segment", "--device", "cuda"], driver: nil, in: folder)
            #expect(result.exitCode == 1)
            #expect(result.errors.contains("no NVIDIA driver was found (libcuda.so.1)"))
        }
    }
}
