namespace Standalone.Snapshots;

/// <summary>A flag of a command, as etcdutl has it.</summary>
/// <param name="Name">Without dashes.</param>
/// <param name="Kind">Decides which values are accepted.</param>
/// <param name="Default">Value when it is not given.</param>
/// <param name="Usage">What it does.</param>
internal sealed record CommandFlag(string Name, CommandFlagKind Kind, string Default, string Usage)
{
    /// <summary>One letter for the same; null: there is none.</summary>
    public char? Letter { get; init; }
}

/// <summary>How the text of a flag is read.</summary>
internal enum CommandFlagKind
{
    Text,
    Bool,
    UInt,
}
