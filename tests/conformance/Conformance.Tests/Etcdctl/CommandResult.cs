namespace Conformance.Etcdctl;

/// <summary>What a finished command left behind.</summary>
internal sealed record CommandResult(int ExitCode, byte[] Output, string ErrorOutput);
