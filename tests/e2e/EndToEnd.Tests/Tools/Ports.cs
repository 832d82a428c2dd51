using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Tests.Tools;

/// <summary>
/// Ports of the loopback interface for the servers that a test starts. None is handed out twice: not by this process, nor by two test processes of this
/// machine, which share the ports out in blocks by locked files.
/// </summary>
public static class Ports
{
    private const int First = 10_000, End = 65_000, BlockSize = 250, FewestBlocks = 8;

    private static readonly Lock s_gate = new();
    private static readonly List<FileStream> s_blocks = [];
    private static readonly Queue<int> s_next = new();

    /// <summary>Distinct ports, in the order in which they were found; nobody listened on them a moment ago.</summary>
    /// <exception cref="InvalidOperationException">Every block of ports is taken by another test process.</exception>
    public static int[] Free(int count)
    {
        lock (s_gate)
        {
            var found = new List<int>(count);
            while (found.Count < count)
            {
                if (!s_next.TryDequeue(out var port))
                    TakeBlock();
                else if (CanListen(port))
                    found.Add(port);
            }
            return [.. found];
        }
    }

    /// <summary>The first of several ports in a row, all like those of <see cref="Free"/>.</summary>
    /// <param name="count">How many; few.</param>
    public static int FreeRange(int count)
    {
        var row = new List<int>();
        while (row.Count < count)
        {
            var port = Free(1)[0];
            if (row.Count > 0 && port != row[^1] + 1)
                row.Clear();
            row.Add(port);
        }
        return row[0];
    }

    private static void TakeBlock()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "etcd-test-ports"));
        foreach (var block in Blocks())
        {
            try
            {
                // Held, and so not to be opened by another process, until this process ends.
                s_blocks.Add(new FileStream(
                    Path.Combine(folder.FullName, block.ToString(CultureInfo.InvariantCulture)), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException)
            {
                continue;
            }
            for (var port = block; port < block + BlockSize; port++)
                s_next.Enqueue(port);
            return;
        }
        throw new InvalidOperationException($"every block of ports is taken: see {folder}");
    }

    /// <summary>First ports of the blocks, from a random one on: what an earlier process left in the state TIME_WAIT is not met at once again.</summary>
    private static IEnumerable<int> Blocks()
    {
        // Outside the range from which the system takes the near ends of connections: nobody's connection sits on a server's port before the server
        // starts, or while it is down.
        var (low, high) = EphemeralRange();
        int[] all = [.. Enumerable.Range(0, (End - First) / BlockSize).Select(n => First + (n * BlockSize))];
        int[] quiet = [.. all.Where(block => block + BlockSize <= low || block > high)];
        var blocks = quiet.Length >= FewestBlocks ? quiet : all;
        var start = Random.Shared.Next(blocks.Length);
        return blocks.Skip(start).Concat(blocks.Take(start));
    }

    private static (int Low, int High) EphemeralRange()
    {
        const string Setting = "/proc/sys/net/ipv4/ip_local_port_range";
        if (!File.Exists(Setting))
            return (49_152, 65_535); // RFC 6335 §6.
        var words = File.ReadAllText(Setting).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return (int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture));
    }

    private static bool CanListen(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
