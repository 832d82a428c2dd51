using System.Text;
using EtcdApi.Wire;
using Hosting.Durations;
using Microsoft.Extensions.Logging;
using Storage.Contracts;

namespace Storage.Host.Service;

/// <summary>A word in the log about reads that took long, from when they came on: as etcd's, which says it of reads in the same words as of what it applies. Thread-safe.</summary>
internal sealed class SlowReads(StorageMetrics metrics, TimeSpan slow, TimeProvider time, ILogger logger)
{
    // Of a key in the line; keys may be long, and lines are read by people.
    private const int MaxShownBytes = 256;

    /// <param name="began">Timestamp of when it came.</param>
    /// <param name="request">Encoded RangeRequest.</param>
    /// <param name="result">Its outcome.</param>
    public void NoteRange(long began, ReadOnlySpan<byte> request, in ReadResult result)
    {
        var took = time.GetElapsedTime(began);
        if (took > slow)
            Tell(took, "read-only range ", Describe(request), result);
    }

    /// <param name="began">Timestamp of when it came.</param>
    /// <param name="bytes">Length of the encoded TxnRequest.</param>
    /// <param name="operations">Operations that were executed.</param>
    /// <param name="result">Its outcome.</param>
    public void NoteTxn(long began, int bytes, int operations, in ReadResult result)
    {
        var took = time.GetElapsedTime(began);
        if (took > slow)
            Tell(took, "read-only txn ", $"{operations} operations of {bytes} bytes", result);
    }

    private void Tell(TimeSpan took, string prefix, string request, in ReadResult result)
    {
        metrics.SlowApplies.Increment();
        StorageLog.SlowApply(
            logger, GoDuration.Format(took), GoDuration.Format(slow), prefix, request, $"{result.Error}, {result.Body.Length} bytes", result.AppliedIndex.Value);
    }

    private static string Describe(ReadOnlySpan<byte> request)
    {
        var text = new StringBuilder();
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            // RangeRequest: key = 1, range_end = 2, limit = 3, revision = 4.
            switch (reader.Field)
            {
                case 1 or 2:
                    var bytes = reader.Bytes;
                    text.Append(reader.Field == 1 ? "key:\"" : "range_end:\"").Append(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MaxShownBytes)])).Append("\" ");
                    break;
                case 3 or 4:
                    text.Append(reader.Field == 3 ? "limit:" : "revision:").Append(reader.Varint).Append(' ');
                    break;
                default:
                    break;
            }
        }
        return text.ToString();
    }
}
