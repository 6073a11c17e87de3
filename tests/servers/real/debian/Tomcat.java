// Serves a web application many times over: behind the CORS filter of each of the numbered web.xml
// files in a folder, and as often without any. Writes the ports as one line of JSON, and ends when
// standard input does.
//
//     java -cp … Tomcat.java folder
//     {"real": [{"port": 1}, {"error": "…"}], "bare": [2, 3]}

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.logging.LogManager;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.FilterConfig;
import javax.servlet.GenericFilter;
import javax.servlet.ServletContext;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.filters.CorsFilter;
import org.apache.coyote.AbstractProtocol;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class Tomcat {
    static final List<String> METHODS = List.of("GET", "POST", "PUT", "DELETE", "PATCH");

    public static void main(String[] arguments) throws Exception {
        LogManager.getLogManager().reset();
        Path folder = Path.of(arguments[0]);
        int count = (int) Files.list(folder).filter(file -> file.toString().endsWith(".xml")).count();
        var server = new org.apache.catalina.startup.Tomcat();
        server.setBaseDir(folder.toString());
        ByPort byPort = new ByPort();
        Context context = application(server, folder, byPort);
        List<Connector> connectors = IntStream.range(0, 2 * count).mapToObj(n -> connector()).toList();
        connectors.forEach(server.getService()::addConnector);
        server.start();
        StringBuilder real = new StringBuilder();
        for (int number = 0; number < count; number++) {
            int port = connectors.get(number).getLocalPort();
            real.append(number == 0 ? "" : ", ");
            try {
                byPort.filters.put(port, filter(folder.resolve(number + ".xml"), context));
                real.append("{\"port\": " + port + "}");
            } catch (ServletException refused) {
                real.append("{\"error\": \"" + refused.getMessage().replace("\"", "'") + "\"}");
            }
        }
        String bare = connectors.subList(count, 2 * count).stream()
            .map(each -> String.valueOf(each.getLocalPort())).collect(Collectors.joining(", "));
        System.out.println("{\"real\": [" + real + "], \"bare\": [" + bare + "]}");
        System.in.readAllBytes();
        Runtime.getRuntime().halt(0);
    }

    static final java.util.concurrent.Executor THREADS = Executors.newFixedThreadPool(16);

    static Connector connector() {
        Connector connector = new Connector();
        connector.setPort(0);
        connector.setProperty("address", "127.0.0.1");
        ((AbstractProtocol<?>) connector.getProtocolHandler()).setExecutor(THREADS);
        return connector;
    }

    static Context application(org.apache.catalina.startup.Tomcat server, Path folder, Filter filter) {
        Context context = server.addContext("", folder.toString());
        org.apache.catalina.startup.Tomcat.addServlet(context, "application", new Application());
        context.addServletMappingDecoded("/", "application");
        FilterDef definition = new FilterDef();
        definition.setFilterName("byPort");
        definition.setFilter(filter);
        context.addFilterDef(definition);
        FilterMap map = new FilterMap();
        map.setFilterName("byPort");
        map.addURLPattern("/*");
        context.addFilterMap(map);
        return context;
    }

    static Filter filter(Path file, Context context) throws Exception {
        String text = "<web-app>" + Files.readString(file) + "</web-app>";
        var source = new org.xml.sax.InputSource(new java.io.StringReader(text));
        NodeList given = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(source)
            .getElementsByTagName("init-param");
        Map<String, String> parameters = new HashMap<>();
        for (int number = 0; number < given.getLength(); number++) {
            Element each = (Element) given.item(number);
            parameters.put(textOf(each, "param-name"), textOf(each, "param-value"));
        }
        CorsFilter filter = new CorsFilter();
        filter.init(new Parameters(parameters, context.getServletContext()));
        return filter;
    }

    static String textOf(Element element, String name) {
        return element.getElementsByTagName(name).item(0).getTextContent();
    }

    record Parameters(Map<String, String> given, ServletContext context) implements FilterConfig {
        public String getFilterName() { return "CorsFilter"; }
        public ServletContext getServletContext() { return context; }
        public String getInitParameter(String name) { return given.get(name); }
        public Enumeration<String> getInitParameterNames() {
            return Collections.enumeration(given.keySet());
        }
    }

    /** One application serves all ports, each behind a filter of its own. */
    static class ByPort extends GenericFilter {
        final Map<Integer, Filter> filters = new HashMap<>();

        public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            Filter filter = filters.get(request.getLocalPort());
            if (filter == null) chain.doFilter(request, response);
            else filter.doFilter(request, response, chain);
        }
    }

    static class Application extends HttpServlet {
        protected void service(HttpServletRequest request, HttpServletResponse response)
                throws ServletException, IOException {
            String path = request.getServletPath();
            if (!METHODS.contains(request.getMethod())) { response.sendError(405); return; }
            if (path.equals("/crash")) throw new ServletException("crash");
            if (path.startsWith("/status/")) {
                int status = Integer.parseInt(path.substring("/status/".length()));
                response.setStatus(status);
                if (status == 204 || status == 304) return;
            } else if (path.startsWith("/vary/"))
                for (String line : path.substring("/vary/".length()).split("\\+"))
                    response.addHeader("Vary", line);
            else if (path.startsWith("/own/"))
                for (String name : path.substring("/own/".length()).split("\\+"))
                    response.setHeader(name, "own");
            else if (path.equals("/own"))
                response.setHeader("Access-Control-Allow-Origin", "https://own.test");
            else if (!path.equals("/ok")) { response.sendError(404); return; }
            response.getWriter().write("body");
        }
    }
}
