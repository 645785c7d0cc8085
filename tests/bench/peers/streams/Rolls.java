import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Kafka Streams on rolls, or on records of one mark: state by student in RocksDB with a changelog, exactly once, two threads. */
public final class Rolls {
    private static final String STORE = "students";
    private static final int[] STEPS = {10, 20, 30};

    /** One row a student: the absent half days (4 bytes), then 13 bytes a slot: its half day since 1970, when it was recorded, its code. */
    static final class Count implements Processor<String, byte[], String, byte[]> {
        private static final int HEAD = 4;
        private static final int ENTRY = 13;
        private final JsonFactory json = new JsonFactory();
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<String, byte[]> students;
        private String lastRecorded = "";
        private long lastRecordedAt;
        private String lastDate = "";
        private int lastDay;

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
            this.students = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<String, byte[]> record) {
            try (JsonParser parser = json.createParser(record.value())) {
                String school = null;
                while (parser.nextToken() != null) {
                    if (parser.currentToken() != JsonToken.FIELD_NAME) {
                        continue;
                    }
                    String name = parser.currentName();
                    parser.nextToken();
                    if (name.equals("school")) {
                        school = parser.getText();
                    } else if (name.equals("marks")) {
                        while (parser.nextToken() == JsonToken.START_OBJECT) {
                            mark(parser, school, record.timestamp());
                        }
                    } else {
                        parser.skipChildren();
                    }
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        private void mark(JsonParser parser, String school, long timestamp) throws IOException {
            String student = "";
            int slot = 0;
            long recorded = 0;
            byte code = 0;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                switch (name) {
                    case "student" -> student = parser.getText();
                    case "date" -> slot += 2 * day(parser.getText());
                    case "session" -> slot += parser.getText().equals("PM") ? 1 : 0;
                    case "recorded_at" -> recorded = moment(parser.getText());
                    case "code" -> code = (byte) parser.getText().charAt(0);
                    default -> parser.skipChildren();
                }
            }
            put(school, student, slot, recorded, code, timestamp);
        }

        private int day(String text) {
            if (!text.equals(lastDate)) {
                lastDate = text;
                lastDay = (int) LocalDate.parse(text).toEpochDay();
            }
            return lastDay;
        }

        private long moment(String text) {
            if (!text.equals(lastRecorded)) {
                lastRecorded = text;
                lastRecordedAt = OffsetDateTime.parse(text).toInstant().toEpochMilli();
            }
            return lastRecordedAt;
        }

        private void put(String school, String student, int slot, long recorded, byte code, long timestamp) {
            String key = school + "/" + student;
            byte[] row = students.get(key);
            ByteBuffer known = ByteBuffer.wrap(row == null ? new byte[HEAD] : row);
            int absent = known.getInt(0);
            int before = absent;
            int place = HEAD;
            while (place < known.capacity() && known.getInt(place) != slot) {
                place += ENTRY;
            }
            ByteBuffer written;
            if (place < known.capacity()) {
                if (known.getLong(place + 4) >= recorded) {
                    return;
                }
                absent -= known.get(place + 12) == 'T' ? 1 : 0;
                written = known;
            } else {
                written = ByteBuffer.allocate(known.capacity() + ENTRY).put(known);
            }
            absent += code == 'T' ? 1 : 0;
            written.putInt(0, absent).putInt(place, slot).putLong(place + 4, recorded).put(place + 12, code);
            students.put(key, written.array());
            if (level(absent) != level(before)) {
                String said = "{\"school\":\"%s\",\"student\":\"%s\",\"level\":%d}".formatted(school, student, level(absent));
                context.forward(new Record<>(school, said.getBytes(), timestamp));
            }
        }

        private static int level(int absent) {
            int level = 0;
            for (int step : STEPS) {
                level += absent >= step ? 1 : 0;
            }
            return level;
        }
    }

    /** Runs until it is ended. */
    public static void main(String[] arguments) {
        Map<String, String> environment = System.getenv();
        Topology topology = new Topology();
        topology.addSource("rolls", environment.get("INPUT"));
        topology.addProcessor("count", Count::new, "rolls");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray()), "count");
        topology.addSink("crossings", environment.get("OUTPUT"), "count");
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, environment.get("INPUT") + "-streams");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, environment.get("BOOTSTRAP"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, environment.get("FOLDER"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        settings.put("auto.offset.reset", "earliest");
        KafkaStreams streams = new KafkaStreams(topology, settings);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }
}
