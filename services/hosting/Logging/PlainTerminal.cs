namespace Hosting.Logging;

/// <summary>
/// Keeps control codes off a terminal that a server writes its log to. The runtime sends one of them ahead of the first line when it finds the terminal's
/// description, and whoever reads lines of JSON there, as of a container with a terminal, cannot read that one.
/// </summary>
public static class PlainTerminal
{
    /// <summary>To be called before anything is written.</summary>
    public static void Use() => Environment.SetEnvironmentVariable("TERM", null);
}
