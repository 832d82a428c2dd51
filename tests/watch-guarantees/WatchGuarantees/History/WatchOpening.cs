namespace WatchGuarantees.History;

/// <summary>A watch on one stream: from its create request until the stream or the watch ended.</summary>
/// <param name="StartRevision">As asked; 0: from now on.</param>
public sealed record WatchOpening(long StartRevision)
{
    /// <summary>In the order in which they were heard.</summary>
    public List<WatchResponse> Responses { get; init; } = [];

    /// <summary>
    /// The responses without those at the end of the stream or of the watch that are pieces of a revision whose last piece never came: a client throws them away, and asks for the
    /// revision again if it can.
    /// </summary>
    public IReadOnlyList<WatchResponse> Whole
    {
        get
        {
            var end = Responses is [.., { Kind: ResponseKind.Canceled }] ? 1 : 0;
            var count = Responses.Count - end;
            while (count > 0 && Responses[count - 1].Fragment)
                count--;
            return count + end == Responses.Count ? Responses : [.. Responses.Take(count), .. Responses.TakeLast(end)];
        }
    }

    /// <summary>The first revision that it wants; null when that was for the server to say, and it said nothing.</summary>
    public long? From => StartRevision > 0 ? StartRevision : Responses is [{ Kind: ResponseKind.Created } created, ..] ? created.Revision + 1 : null;
}
