using System.Globalization;

namespace Chaos.Tests.Harness.Network;

/// <summary>Finds out which process holds the other end of a loopback connection.</summary>
internal static class SocketOwner
{
    /// <summary>The member, among those given with their processes, that dialled; null when it is none of them, or has hung up.</summary>
    /// <param name="dialledFrom">Port of the dialler's end.</param>
    /// <param name="dialledTo">Port that it dialled.</param>
    /// <param name="members">Processes of each member.</param>
    public static int? Find(int dialledFrom, int dialledTo, IReadOnlyList<IReadOnlyList<int>> members)
    {
        if (FindInode(dialledFrom, dialledTo) is not { } inode)
            return null;
        var wanted = $"socket:[{inode}]";
        for (var member = 0; member < members.Count; member++)
        {
            if (members[member].Any(process => Holds(process, wanted)))
                return member;
        }
        return null;
    }

    // Lines of /proc/net/tcp: "sl local:port remote:port state queues timer retransmits uid timeout inode ...". Dual-mode sockets are in tcp6.
    private static string? FindInode(int local, int remote)
    {
        foreach (var table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (Port(fields[1]) == local && Port(fields[2]) == remote && fields[9] != "0")
                    return fields[9];
            }
        }
        return null;
    }

    private static int Port(string address) => int.Parse(address.AsSpan(address.LastIndexOf(':') + 1), NumberStyles.HexNumber);

    private static bool Holds(int process, string socket)
    {
        try
        {
            foreach (var descriptor in Directory.EnumerateFiles($"/proc/{process}/fd"))
            {
                if (LinkTarget(descriptor) == socket)
                    return true;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended.
        }
        return false;
    }

    private static string? LinkTarget(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            return null; // Closed since it was listed.
        }
    }
}
