namespace Storage.Core.Bolt;

/// <summary>Where the pages of a file go, one run after the other.</summary>
internal interface IPageOutput
{
    /// <summary>The next bytes of the file, to be filled before the next call. They are zero.</summary>
    Span<byte> Take(int bytes);
}

/// <summary>Keeps nothing: for the pass that only counts.</summary>
internal sealed class DiscardedPages : IPageOutput
{
    private byte[] _scratch = new byte[BoltFormat.PageBytes];

    public Span<byte> Take(int bytes)
    {
        if (bytes > _scratch.Length)
            _scratch = new byte[bytes];
        var taken = _scratch.AsSpan(0, bytes);
        taken.Clear();
        return taken;
    }
}
