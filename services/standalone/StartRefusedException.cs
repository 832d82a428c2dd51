#pragma warning disable CA1032 // Made by its factories only.
using Microsoft.Extensions.Logging;

namespace Standalone;

/// <summary>The process will not start; the message is the one line that says why, in etcd's words where it has some.</summary>
internal sealed class StartRefusedException : Exception
{
    private StartRefusedException(string message, int exitCode, bool asLogLine, string? subject)
        : base(message) => (ExitCode, AsLogLine, Subject) = (exitCode, asLogLine, subject);

    /// <summary>What etcd logs it under as its last word, at level fatal; null: it is found before that, among the flags.</summary>
    public string? Headline { get; private init; }

    /// <summary>2 for a command line that cannot be read, 1 for everything else, as etcd.</summary>
    public int ExitCode { get; }

    /// <summary>Printed as the field <c>error</c> of a log line, as etcd prints what it finds when it verifies its flags; otherwise as plain text.</summary>
    public bool AsLogLine { get; }

    /// <summary>Logs the whole story, when a line does not tell it; null: it does.</summary>
    public Action<ILogger>? Report { get; private init; }

    /// <summary>The variable in question, if the message does not name it.</summary>
    public string? Subject { get; }

    /// <summary>The command line cannot be read.</summary>
    public static StartRefusedException Usage(string message) => new(message, exitCode: 2, asLogLine: false, subject: null);

    /// <summary>The flags can be read, but not worked with.</summary>
    public static StartRefusedException Verification(string message, string? subject = null) => new(message, exitCode: 1, asLogLine: true, subject);

    /// <summary>The flags do not lead to a cluster that this member could start or join, or to ports that it could open.</summary>
    public static StartRefusedException Discovery(string message) => Fatal("discovery failed", message);

    /// <summary>No cluster could be joined by discovery.</summary>
    /// <param name="message">Why.</param>
    /// <param name="report">Says that, and what to do.</param>
    public static StartRefusedException Joining(string message, Action<ILogger> report) =>
        new(message, exitCode: 1, asLogLine: true, subject: null) { Report = report };

    /// <summary>The client ports cannot be served.</summary>
    public static StartRefusedException Listener(string message) => Fatal("listener failed", message);

    /// <summary>A certificate of the member's own making cannot be made.</summary>
    public static StartRefusedException SelfSigned(string message, string purpose) => Fatal($"failed to get {purpose} self-signed certs", message);

    /// <summary>The machine does not give what is needed: a port, a folder.</summary>
    public static StartRefusedException Environment(string message) => new(message, exitCode: 1, asLogLine: false, subject: null);

    private static StartRefusedException Fatal(string headline, string message) => new(message, exitCode: 1, asLogLine: true, subject: null) { Headline = headline };
}
