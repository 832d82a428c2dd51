namespace WatchSimulation.World;

/// <summary>How often things happened that a history is there for.</summary>
internal sealed class Counts
{
    public int Sessions { get; set; }
    public int Histories { get; set; }
    public int FeedsLost { get; set; }
    public int Moves { get; set; }
    public int Compacted { get; set; }
    public int Fragments { get; set; }
    public int Bookmarks { get; set; }
}
