import Testing

@testable import Torch

@Suite struct DeviceTests {
    @Test func theCPUIsThere() throws { try Device.cpu.require() }

    @Test(arguments: [Device(.cuda, index: 99), Device(.cpu, index: 1), Device(.cpu, index: -1)])
    func aDeviceThatIsNotThereIsNamed(device: Device) {
        let error = #expect(throws: DeviceError.self) { try device.require() }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("there is no device \(device) that libtorch") && text.hasSuffix("; use cpu"))
    }
}
