using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Hosting.Logging;

/// <summary>
/// One log entry as etcd 3.5 writes it: one JSON object on one line,
/// <c>{"level":"info","ts":"2026-11-22T13:01:02.123456Z","caller":"...","msg":"...", fields}</c>. What is written within a span ends with <c>trace_id</c> and <c>span_id</c>, the
/// names that OpenTelemetry has for them in log formats of others.
/// </summary>
internal static class EtcdLogLine
{
    private const string OriginalFormat = "{OriginalFormat}";

    // Log lines go to terminals and log collectors, never into HTML: quotes and non-ASCII stay readable.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Appends the line, its line end included.</summary>
    /// <param name="state">What the logger was given; key-value pairs become fields, a value that is an <see cref="ActivityContext"/> the trace that the line belongs to.</param>
    /// <param name="trace">The trace of the code that logs; default: it is part of none.</param>
    public static void Write(
        IBufferWriter<byte> output, DateTimeOffset now, LogLevel level, string caller, string message, object? state, Exception? error, ActivityContext trace = default)
    {
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteString("level", EtcdLogLevels.NameOf(level));
            json.WriteString("ts", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"));
            json.WriteString("caller", caller);
            json.WriteString("msg", message);
            if (state is IReadOnlyList<KeyValuePair<string, object?>> fields)
            {
                foreach (var (name, value) in fields)
                {
                    if (value is ActivityContext told)
                        trace = told;
                    else if (name != OriginalFormat)
                        WriteField(json, name, value);
                }
            }
            if (error is not null)
            {
                json.WriteString("error", error.Message);
                if (level >= LogLevel.Error)
                    json.WriteString("stacktrace", error.ToString());
            }
            if (trace.TraceId != default)
            {
                json.WriteString("trace_id", trace.TraceId.ToHexString());
                json.WriteString("span_id", trace.SpanId.ToHexString());
            }
            json.WriteEndObject();
        }
        output.Write("\n"u8);
    }

    private static void WriteField(Utf8JsonWriter json, string name, object? value)
    {
        json.WritePropertyName(FieldName(name));
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case ulong number: json.WriteNumberValue(number); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case IEnumerable<string> list:
                json.WriteStartArray();
                foreach (var item in list)
                    json.WriteStringValue(item);
                json.WriteEndArray();
                break;
            default: json.WriteStringValue(value.ToString()); break;
        }
    }

    // etcd writes "data-dir" where a parameter of ours is called dataDir.
    private static string FieldName(string name)
    {
        if (!name.Any(char.IsAsciiLetterUpper))
            return name;
        var text = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0)
                text.Append('-');
            text.Append(char.ToLowerInvariant(letter));
        }
        return text.ToString();
    }
}
