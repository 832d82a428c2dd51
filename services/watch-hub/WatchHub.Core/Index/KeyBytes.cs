using System.Runtime.InteropServices;

namespace WatchHub.Core.Index;

/// <summary>The bytes of a watch's keys.</summary>
internal static class KeyBytes
{
    /// <summary>The very array that the bytes fill, or a copy: a specification's bytes do not change.</summary>
    public static byte[] Of(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var whole) && whole.Count == whole.Array!.Length ? whole.Array : bytes.ToArray();
}
