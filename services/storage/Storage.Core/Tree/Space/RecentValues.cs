namespace Storage.Core.Tree.Space;

/// <summary>A number per commit, of the last few commits: what lasts is told from what comes and goes.</summary>
internal sealed class RecentValues(long initial)
{
    /// <summary>Commits that are remembered.</summary>
    public const int Commits = 4;

    private readonly long[] _values = [initial, initial, initial, initial];
    private int _next;

    public long Lowest => _values.Min();

    public long Highest => _values.Max();

    public void Add(long value)
    {
        _values[_next] = value;
        _next = (_next + 1) % Commits;
    }

    /// <summary>Makes each of them smaller, but no smaller than 0.</summary>
    public void Lower(long by)
    {
        for (var i = 0; i < Commits; i++)
            _values[i] = Math.Max(0, _values[i] - by);
    }
}
