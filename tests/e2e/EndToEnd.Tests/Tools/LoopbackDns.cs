using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EndToEnd.Tests.Tools;

/// <summary>
/// Answers questions for SRV and A records over UDP (RFC 1035 §4, RFC 2782); of a name that it does not have it says so, and of other types that there are no records. Records are added before it
/// is asked.
/// </summary>
public sealed class LoopbackDns : IDisposable
{
    private const ushort A = 1, Srv = 33, Internet = 1, NoError = 0, NoSuchName = 3;
    private const int HeaderBytes = 12;

    private readonly UdpClient _socket;
    private readonly Dictionary<string, List<(ushort Type, byte[] Data)>> _records = new(StringComparer.OrdinalIgnoreCase);
    private readonly Task _serving;

    /// <param name="at">Where to listen; null: any port of the loopback interface.</param>
    public LoopbackDns(IPEndPoint? at = null)
    {
        _socket = new UdpClient(at ?? new IPEndPoint(IPAddress.Loopback, 0));
        _serving = ServeAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)_socket.Client.LocalEndPoint!;

    /// <summary>Adds service records.</summary>
    public void Add(string name, params (string Host, int Port)[] targets)
    {
        foreach (var (host, port) in targets)
        {
            byte[] encoded = [.. host.Split('.').SelectMany(static label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];
            // Priority and weight, the same for all.
            Add(name, Srv, [0, 0, 0, 0, (byte)(port >> 8), (byte)port, .. encoded]);
        }
    }

    /// <summary>Adds an address.</summary>
    public void Add(string name, IPAddress address) => Add(name, A, address.GetAddressBytes());

    public void Dispose()
    {
        _socket.Dispose();
        _serving.GetAwaiter().GetResult();
    }

    private void Add(string name, ushort type, byte[] data)
    {
        if (!_records.TryGetValue(name, out var records))
            _records.Add(name, records = []);
        records.Add((type, data));
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var question = await _socket.ReceiveAsync();
                await _socket.SendAsync(AnswerTo(question.Buffer), question.RemoteEndPoint);
            }
        }
        catch (Exception end) when (end is ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private byte[] AnswerTo(byte[] question)
    {
        var (labels, at) = (new List<string>(), HeaderBytes);
        for (; question[at] > 0; at += question[at] + 1)
            labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
        var questionEnd = at + 1 + 4;
        var type = BinaryPrimitives.ReadUInt16BigEndian(question.AsSpan(at + 1));
        var isKnown = _records.TryGetValue(string.Join('.', labels), out var records);
        byte[][] answers = [.. (records ?? []).Where(record => record.Type == type).Select(static record => record.Data)];
        var answer = new List<byte>(question[..2]);
        Add16(answer, (ushort)(0x8180 | (isKnown ? NoError : NoSuchName)));
        Add16(answer, 1);
        Add16(answer, (ushort)answers.Length);
        Add16(answer, 0);
        Add16(answer, 0);
        answer.AddRange(question[HeaderBytes..questionEnd]);
        foreach (var data in answers)
        {
            Add16(answer, 0xC000 | HeaderBytes); // The name in the question.
            Add16(answer, type);
            Add16(answer, Internet);
            Add16(answer, 0);
            Add16(answer, 60); // Time to live, low half.
            Add16(answer, (ushort)data.Length);
            answer.AddRange(data);
        }
        return [.. answer];
    }

    private static void Add16(List<byte> bytes, ushort value)
    {
        Span<byte> two = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(two, value);
        bytes.AddRange(two);
    }
}
