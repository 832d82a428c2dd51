#pragma warning disable CA1032 // Made by its factories only.
namespace Standalone.Snapshots;

/// <summary>A command will not do what it was asked; the message says why, in etcdutl's words where it has some. The exit codes are etcdutl's.</summary>
internal sealed class CommandRefusedException : Exception
{
    private CommandRefusedException(string message, int exitCode, bool showsUsage = false)
        : base(message) => (ExitCode, ShowsUsage) = (exitCode, showsUsage);

    public int ExitCode { get; }

    /// <summary>How the command is used is shown, too.</summary>
    public bool ShowsUsage { get; }

    /// <summary>The flags cannot be read.</summary>
    public static CommandRefusedException Usage(string message) => new(message, exitCode: 1, showsUsage: true);

    /// <summary>The arguments are not what the command takes.</summary>
    public static CommandRefusedException Arguments(string message) => new(message, exitCode: 128);

    /// <summary>There is no such output format.</summary>
    public static CommandRefusedException Format(string message) => new(message, exitCode: 4);

    /// <summary>What was asked for failed.</summary>
    public static CommandRefusedException Failure(string message) => new(message, exitCode: 1);
}
