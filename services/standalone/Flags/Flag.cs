namespace Standalone.Flags;

/// <summary>How the text of a flag is read.</summary>
internal enum FlagKind
{
    Text,
    Bool,
    Int,
    UInt,
    Duration,
    Urls,

    /// <summary>Origins of browsers' pages: URLs, or "*".</summary>
    Origins,
    Choice,
}

/// <summary>One flag of etcd.</summary>
/// <param name="Name">Without dashes.</param>
/// <param name="Kind">Decides which values are accepted.</param>
/// <param name="Default">Value when neither flag nor variable is given.</param>
internal sealed record Flag(string Name, FlagKind Kind, string Default)
{
    /// <summary>The values a <see cref="FlagKind.Choice"/> may have.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What it does, for the usage text; null when it is accepted only.</summary>
    public string? Effect { get; init; }

    /// <summary>The value that this program behaves as, of a flag without effect: giving another deserves a warning.</summary>
    public string Behaviour { get; init; } = Default;

    /// <summary>Why it has no effect; null when it has one.</summary>
    public string? Reason => Effect is null ? FlagReasons.Of(this) : null;

    /// <summary>Its twin in the environment.</summary>
    public string Variable => "ETCD_" + Name.ToUpperInvariant().Replace('-', '_');
}
