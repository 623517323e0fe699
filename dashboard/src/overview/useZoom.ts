// Where it was before; pages import it from src/time.
export { useZoom } from "../time/useZoom";
