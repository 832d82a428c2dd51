namespace Storage.Tree.Tests;

/// <summary>
/// What a crash may leave of the calls since the last sync. A disk keeps or loses each page by itself, tears a page between sectors, and writes them in
/// whatever order it likes.
/// </summary>
internal static class CrashLosses
{
    private const int PageBytes = 4096;
    private const int SectorBytes = 512;
    private const int MaxSingles = 8;

    /// <summary>One way to lose something: what is carried out, in this order.</summary>
    public readonly record struct Loss(string Name, List<DiskOperation> Kept);

    /// <param name="calls">The calls since the last sync, without syncs.</param>
    /// <param name="isWhole">The next call would be the sync: now all classes, before only those that the last call adds to.</param>
    /// <param name="random">Chooses where there are too many.</param>
    public static IEnumerable<Loss> Of(List<DiskOperation> calls, bool isWhole, Random random)
    {
        yield return new Loss("none lost", calls);
        if (calls.Count == 0)
            yield break;
        var pages = calls.SelectMany(static call => Split(call, PageBytes)).ToList();
        yield return new Loss("last torn", Torn(pages, pages.Count - 1, random));
        if (!isWhole)
            yield break;
        yield return new Loss("all lost", []);
        foreach (var lost in Some(pages.Count, random))
        {
            yield return new Loss($"page {lost} lost", [.. pages.Where((_, i) => i != lost)]);
            yield return new Loss($"page {lost} torn", Torn(pages, lost, random));
        }
        yield return new Loss("beginning kept", pages[..random.Next(pages.Count)]);
        yield return new Loss("beginning lost", pages[random.Next(pages.Count)..]);
        yield return new Loss("pages at random", [.. pages.Where(_ => random.Next(2) == 0)]);
        yield return new Loss("sectors at random", [.. calls.SelectMany(static call => Split(call, SectorBytes)).Where(_ => random.Next(2) == 0)]);
        yield return new Loss("in another order", Shuffled(pages, random));
        yield return new Loss("in another order, some lost", [.. Shuffled(pages, random).Where(_ => random.Next(3) > 0)]);
    }

    private static IEnumerable<int> Some(int count, Random random) =>
        count <= MaxSingles ? Enumerable.Range(0, count) : Enumerable.Range(0, MaxSingles).Select(_ => random.Next(count)).Distinct().ToList();

    private static List<DiskOperation> Shuffled(List<DiskOperation> pages, Random random)
    {
        var shuffled = pages.ToArray();
        random.Shuffle(shuffled);
        return [.. shuffled];
    }

    /// <summary>Of one page, a part of the sectors.</summary>
    private static List<DiskOperation> Torn(List<DiskOperation> pages, int torn, Random random)
    {
        List<DiskOperation> kept = [.. pages[..torn]];
        var sectors = Split(pages[torn], SectorBytes).ToList();
        var from = random.Next(sectors.Count + 1);
        kept.AddRange(random.Next(2) == 0 ? sectors[..from] : sectors[from..]);
        kept.AddRange(pages[(torn + 1)..]);
        return kept;
    }

    private static IEnumerable<DiskOperation> Split(DiskOperation call, int bytes)
    {
        if (call.Data is not { } data)
        {
            yield return call;
            yield break;
        }
        for (var at = 0; at < data.Length; at += bytes)
            yield return DiskOperation.Write(call.Offset + at, data.AsSpan(at, Math.Min(bytes, data.Length - at)));
    }
}
