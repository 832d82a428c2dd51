using System.Text;

namespace Standalone.Snapshots;

/// <summary>How a command is used.</summary>
/// <param name="Line">Its form in one line.</param>
/// <param name="Flags">What it takes.</param>
internal sealed record CommandUsage(string Line, IReadOnlyList<CommandFlag> Flags)
{
    /// <summary>The help.</summary>
    public string Text
    {
        get
        {
            var text = new StringBuilder($"Usage:\n  {Line}\n\nFlags:\n");
            foreach (var flag in Flags)
            {
                var type = flag.Kind switch { CommandFlagKind.Text => " string", CommandFlagKind.UInt => " uint", _ => "" };
                var letter = flag.Letter is { } one ? $"-{one}, " : "    ";
                var shown = flag.Kind == CommandFlagKind.Bool || flag.Default.Length == 0 ? "" : $" (default \"{flag.Default}\")";
                text.Append($"  {letter}{$"--{flag.Name}{type}",-38} {flag.Usage}{shown}\n");
            }
            return text.ToString();
        }
    }
}
