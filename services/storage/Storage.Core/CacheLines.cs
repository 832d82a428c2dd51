using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Storage.Core;

/// <summary>
/// Begins to fetch memory into the processor's cache before it is looked at: places that would be waited for one after the other come at the same time. Only a hint, whatever it
/// points to, and nothing on processors that take none.
/// </summary>
internal static unsafe class CacheLines
{
    private const int LineBytes = 64;

    // What a processor has under way at once is not much more.
    private const int MaxLines = 8;

    /// <summary>Fetches a part of a page, or the beginning of it when it is long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(ReadOnlySpan<byte> part) =>
        Fetch((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(part)), part.Length);

    /// <summary>
    /// Fetches an object and what lies behind it: objects that were made one after the other stay neighbours, as the garbage collector keeps their order. It may move them meanwhile; then this was in vain.
    /// </summary>
    /// <param name="item">The object.</param>
    /// <param name="bytes">How far.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchFrom(object item, int bytes) => Fetch(*(byte**)Unsafe.AsPointer(ref item), bytes);

    /// <summary>Where a part of a page is now, for <see cref="FetchAt"/>.</summary>
    public static nint AddressOf(ReadOnlySpan<byte> part) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(part));

    /// <summary>Fetches what lies at an address, or once lay there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchAt(nint address, int bytes) => Fetch((byte*)address, bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(byte* from, int bytes)
    {
        if (!Sse.IsSupported)
            return;
        var end = from + Math.Min(bytes, MaxLines * LineBytes);
        for (var line = (byte*)((nuint)from & ~(nuint)(LineBytes - 1)); line < end; line += LineBytes)
            Sse.Prefetch0(line);
    }
}
