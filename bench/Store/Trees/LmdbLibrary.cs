using System.Reflection;
using System.Runtime.InteropServices;
using LightningDB;

namespace Bench.Store.Trees;

/// <summary>Finds LMDB's native library: the system's, as the one that LightningDB brings asks for a newer C library than Debian 12 has.</summary>
internal static class LmdbLibrary
{
    private const string SystemName = "liblmdb.so.0";

    /// <summary>To be called once, before anything of LMDB.</summary>
    public static void Use() => NativeLibrary.SetDllImportResolver(typeof(LightningEnvironment).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        NativeLibrary.TryLoad(SystemName, out var handle) || NativeLibrary.TryLoad(name, assembly, path, out handle)
            ? handle
            : throw new BenchException($"{SystemName} was not found: install liblmdb0, or leave 'tree' out of --parts");
}
