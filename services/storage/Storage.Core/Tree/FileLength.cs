using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>
/// How long the file should be. It grows in steps of an eighth: few steps for a large file, little waste for a small one. It shrinks when it is two steps
/// too long and keeps one of them, so that it does not grow again at once.
/// </summary>
/// <param name="KeptPages">Pages that must stay: those of either meta page, at least.</param>
/// <param name="IsTight">Shrink to what is needed.</param>
internal readonly record struct FileLength(long KeptPages, bool IsTight)
{
    private const int MinStepBytes = 64 * 1024;
    private const int MaxStepBytes = 64 * 1024 * 1024;

    /// <summary>The length to grow to before pages below <paramref name="pageCount"/> are written; null when the file has them.</summary>
    public static long? Grown(long pageCount, long length)
    {
        var needed = pageCount * PageFormat.PageBytes;
        return needed > length ? RoundUp(needed, Step(needed)) : null;
    }

    /// <summary>The length to shrink to; null when the file is good as it is.</summary>
    public long? Shrunk(long length)
    {
        var needed = KeptPages * PageFormat.PageBytes;
        var step = Step(needed);
        var target = IsTight ? RoundUp(needed, MinStepBytes) : RoundUp(needed, step) + step;
        return length >= target + (IsTight ? MinStepBytes : step) ? target : null;
    }

    private static long Step(long needed) => Math.Clamp((needed >> 3) & -MinStepBytes, MinStepBytes, MaxStepBytes);

    private static long RoundUp(long bytes, long step) => (bytes + step - 1) / step * step;
}
