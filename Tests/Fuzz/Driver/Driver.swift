import Glibc

/// What libFuzzer calls with each input; `NEXUS_FUZZ_TARGET` says what is fed.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do {
        try chosen.run(bytes)
    } catch {
        fatalError("\(error)")
    }
    return 0
}

private let chosen: FuzzTarget = {
    guard let name = getenv("NEXUS_FUZZ_TARGET"), let target = FuzzTarget(rawValue: String(cString: name)) else {
        fatalError("NEXUS_FUZZ_TARGET: one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return target
}()
