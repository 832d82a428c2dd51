#pragma warning disable CA1032 // Made by its factories only.
namespace Standalone;

/// <summary>The process will not start; the message is the one line that says why, in etcd's words where it has some.</summary>
internal sealed class StartRefusedException : Exception
{
    private StartRefusedException(string message, int exitCode, bool asLogLine, string? subject)
        : base(message) => (ExitCode, AsLogLine, Subject) = (exitCode, asLogLine, subject);

    /// <summary>It is about which cluster to start or to join: etcd logs these as its last word.</summary>
    public bool IsDiscovery { get; private init; }

    /// <summary>2 for a command line that cannot be read, 1 for everything else, as etcd.</summary>
    public int ExitCode { get; }

    /// <summary>Printed as the field <c>error</c> of a log line, as etcd prints what it finds when it verifies its flags; otherwise as plain text.</summary>
    public bool AsLogLine { get; }

    /// <summary>The variable in question, if the message does not name it.</summary>
    public string? Subject { get; }

    /// <summary>The command line cannot be read.</summary>
    public static StartRefusedException Usage(string message) => new(message, exitCode: 2, asLogLine: false, subject: null);

    /// <summary>The flags can be read, but not worked with.</summary>
    public static StartRefusedException Verification(string message, string? subject = null) => new(message, exitCode: 1, asLogLine: true, subject);

    /// <summary>The flags do not lead to a cluster that this member could start or join.</summary>
    public static StartRefusedException Discovery(string message) => new(message, exitCode: 1, asLogLine: true, subject: null) { IsDiscovery = true };

    /// <summary>The machine does not give what is needed: a port, a folder.</summary>
    public static StartRefusedException Environment(string message) => new(message, exitCode: 1, asLogLine: false, subject: null);
}
