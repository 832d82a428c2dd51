namespace Consensus.Client.Beats;

/// <summary>How the two ends of a long stream notice that the other is gone although its connection stands: a frozen process resets nothing.</summary>
public static class BeatTiming
{
    /// <summary>A server sends at least this often, when there is nothing to say an empty message.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    /// <summary>A client that has missed so many beats gives the stream up: half a second.</summary>
    public const int Missed = 5;

    /// <summary>What that comes to. Parts of a message that is on its way count as signs of life, and so does what else comes over the same connection.</summary>
    public static readonly TimeSpan Silence = Missed * Period;

    /// <summary>Beats in a row without a leader after which another member is worth a try: more than an election takes.</summary>
    public const int Leaderless = 20;
}
