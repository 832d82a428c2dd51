namespace WatchGuarantees.History;

/// <summary>Everything that one watch heard, over all the streams that it was opened on, one after the other.</summary>
/// <param name="Name">For people.</param>
/// <param name="Scope">What it asked for.</param>
public sealed record WatchRecord(string Name, WatchScope Scope)
{
    public List<WatchOpening> Openings { get; init; } = [];

    /// <summary>The revision up to which the test waited for everything to come; 0: it did not wait, and the end may be missing.</summary>
    public long CompleteUpTo { get; set; }

    /// <summary>All events, revisions that never became whole left out.</summary>
    public IEnumerable<WatchEvent> Heard => Openings.SelectMany(opening => opening.Whole).SelectMany(response => response.Events);

    public bool IsCanceled => Openings is [.., var last] && last.Responses is [.., { Kind: ResponseKind.Canceled }];

    /// <summary>The first revision that it wants; null when it was never created.</summary>
    public long? From => Openings is [var first, ..] ? first.From : null;

    /// <summary>Where a client goes on: behind everything that it heard and was told of.</summary>
    public long? Next
    {
        get
        {
            var next = From;
            foreach (var response in Openings.SelectMany(opening => opening.Whole))
            {
                var upTo = response.Kind switch { ResponseKind.Events => response.Events[^1].Revision, ResponseKind.Progress => response.Revision, _ => 0 };
                if (upTo >= next)
                    next = upTo + 1;
            }
            return next;
        }
    }

    public override string ToString() => $"watch {Name} of {Scope} from {From}";
}
